"""The options, the formats and the Python example of docs/features.md are those of the program."""

import re

import jax
import pytest
from safetensors.numpy import save_file

from tests.support.paths import ROOT
from tests.support.sample_videos import numbered_video
from timesuite_jax import param_tree, registry
from timesuite_jax.cli.main import main
from timesuite_jax.configs.internvideo2.encoder import get_config
from timesuite_jax.internvideo2.encoder.port import PORT
from timesuite_jax.internvideo2.encoder.task import EncoderTask

PAGE = (ROOT / "docs/features.md").read_text(encoding="utf-8")


def test_options_exist(capsys):
    with pytest.raises(SystemExit):
        main(["features", "--help"])
    text = capsys.readouterr().out
    options = set(re.findall(r"(?<!-)--[a-z]+(?:-[a-z]+)*", PAGE)) - {"--config"}
    assert options
    for option in options:
        assert option in text


def test_the_examples_run(tmp_path, monkeypatch):
    """With the debug encoder in place of the page's run."""
    params = jax.device_get(jax.jit(EncoderTask.from_config(get_config("debug")).init)(jax.random.key(0)))
    shapes = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(params)}
    save_file(PORT.table_for_tree(shapes).to_torch(params), tmp_path / "encoder.safetensors")
    (tmp_path / "kitchen.mp4").write_bytes(numbered_video(36))
    weights = f"--config.weights.files=('{tmp_path}/encoder.safetensors',)"
    config = str(ROOT / "configs/internvideo2/encoder.py:debug")
    monkeypatch.chdir(tmp_path)
    assert main(["features", "kitchen.mp4", "--out", "features", "--config", config, weights]) == 0
    read, use = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    exec(read, {})

    load = registry.load
    changed = get_config("debug")
    changed.weights.files = (str(tmp_path / "encoder.safetensors"),)
    monkeypatch.setattr(registry, "load", lambda run, needs: load(changed, needs))
    names: dict = {}
    exec(use, names)
    assert names["kitchen"].features.shape == (2, 24)
