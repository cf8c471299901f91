"""The head's shapes, padding and port; its config as a task."""

import jax
import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.support.paths import CONFIGS
from timesuite_jax import param_tree
from timesuite_jax.cli._configs import load_config
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.grounding.objective import INPUTS
from timesuite_jax.internvideo2.grounding.port import PORT
from timesuite_jax.models.grounding import MomentHeadSpec
from timesuite_jax.port import WeightsSpec
from timesuite_jax.registry import build
from timesuite_jax.training import TrainingSpec

CONFIG = CONFIGS / "internvideo2/grounding.py"


@pytest.fixture(scope="module")
def task():
    return build(load_config(f"{CONFIG}:debug", ["--config.model.encoder_layers=2", "--config.data.max_rows=6"]))


@pytest.fixture(scope="module")
def params(task):
    return jax.device_get(jax.jit(task.init)(jax.random.key(0)))


def test_the_full_size_is_moment_detrs():
    config = load_config(str(CONFIG))
    task = build(config)
    defaults = MomentHeadSpec(video_width=768, query_width=256)
    assert task.config.model == defaults
    assert TrainingSpec.from_config(config.training).best == "validation/map"
    sizes = [
        np.prod(leaf.shape) for _, leaf in param_tree.leaves_with_paths(jax.eval_shape(task.init, jax.random.key(0)))
    ]
    # Four attention layers of encoder and decoder have 4 matrices of 256 x 256, decoders a second one; 2 of 256 x 1024.
    assert 3.9e6 < sum(sizes) < 4.9e6


def test_padding_changes_nothing(task, params):
    """Rows and words beyond the masks, whatever is in them."""
    rng = np.random.default_rng(0)
    batch = {name: rng.standard_normal(array.shape).astype(np.float32) for name, array in task.abstract_batch().items()}
    rows, words = (np.arange(batch[name].shape[1])[None] for name in ("video", "query"))
    lengths = np.arange(len(batch["video"]))[:, None]
    batch["video_mask"], batch["query_mask"] = rows < 1 + lengths % 6, words < 1 + lengths % 4
    apply = jax.jit(lambda *inputs: task.model.apply({"params": params}, *inputs))
    found = apply(*(batch[name] for name in INPUTS))
    for name, mask in (("video", "video_mask"), ("times", "video_mask"), ("query", "query_mask")):
        batch[name] = np.where(batch[mask][..., None], batch[name], np.float32(7.0))
    again = apply(*(batch[name] for name in INPUTS))
    np.testing.assert_allclose(again.spans, found.spans, atol=1e-5)
    np.testing.assert_allclose(again.foreground, found.foreground, atol=1e-5)
    seen = batch["video_mask"]
    np.testing.assert_allclose(np.asarray(again.saliency)[seen], np.asarray(found.saliency)[seen], atol=1e-5)
    assert found.spans.shape == (1, 16, 4, 2) and found.spans.min() > 0 and found.spans.max() < 1


def test_the_port_is_a_bijection(task, params, tmp_path):
    shapes = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(params)}
    tensors = PORT.table_for_tree(shapes).to_torch(params)
    assert "encoder.1.attention.query.weight" in tensors
    save_file(tensors, tmp_path / "head.safetensors")
    targets = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), params)
    weights = WeightsSpec((str(tmp_path / "head.safetensors"),))
    jax.tree.map(np.testing.assert_array_equal, weights.load(PORT, targets), params)
    again = PORT.table_for_torch({name: tensor.shape for name, tensor in tensors.items()}).to_torch(params)
    assert all(again[name].tobytes() == tensor.tobytes() for name, tensor in tensors.items())
    wider = build(load_config(f"{CONFIG}:debug", ["--config.model.encoder_layers=2", "--config.model.video_width=65"]))
    with pytest.raises(UserError, match="features of another width"):
        weights.load(PORT, jax.eval_shape(wider.init, jax.random.key(0)))


def test_a_width_that_heads_do_not_divide():
    with pytest.raises(UserError, match=r"model.width=32 must be even and a multiple of model.heads=5"):
        build(load_config(f"{CONFIG}:debug", ["--config.model.heads=5"]))
