"""A file with the weights of the tiny encoder, and the options of a command that name it."""

from pathlib import Path

import jax
from safetensors.numpy import save_file

from tests.support.paths import ROOT
from timesuite_jax import param_tree
from timesuite_jax.configs.internvideo2.encoder import get_config
from timesuite_jax.internvideo2.encoder.port import PORT
from timesuite_jax.internvideo2.encoder.task import EncoderTask


def encoder_options(folder: Path) -> list[str]:
    """Writes fresh weights of `encoder.py:debug` to `folder/encoder.safetensors`; returns the options."""
    path = folder / "encoder.safetensors"
    params = jax.device_get(jax.jit(EncoderTask.from_config(get_config("debug")).init)(jax.random.key(0)))
    shapes = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(params)}
    save_file(PORT.table_for_tree(shapes).to_torch(params), path)
    return ["--config", f"{ROOT}/configs/internvideo2/encoder.py:debug", f"--config.weights.files=('{path}',)"]
