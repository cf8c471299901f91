"""Models with audio are read from a checkpoint of stage 2 or from BEATs' own, and written with the same bytes."""

import functools

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from timesuite_jax import param_tree
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.stage2.initial import boxed_params
from timesuite_jax.internvideo2.stage2.port import PORT, VideoTextSizes, build
from timesuite_jax.internvideo2.stage2.spec import model_spec
from timesuite_jax.layers import unbox
from timesuite_jax.port import load, open_layers
from timesuite_jax.port.exporter import export
from timesuite_jax.port.loader import load_into
from timesuite_jax.port.tree_source import TreeSource

TIED = "audio_encoder.encoder.layers.1.self_attn.relative_attention_bias.weight"


def targets(model: dict) -> dict:
    """Shapes of all parameters."""
    return unbox(jax.eval_shape(functools.partial(boxed_params, model_spec(model)), jax.random.key(0)))


def random_state(model: dict) -> dict[str, np.ndarray]:
    """A state dict with random values."""
    rng = np.random.default_rng(0)
    tree = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape).astype(np.float32), targets(model))
    shapes = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(tree)}
    return build(VideoTextSizes.from_tree(shapes)).to_torch(tree)


@pytest.fixture(scope="module")
def state() -> dict[str, np.ndarray]:
    return random_state({"variant": "debug_audio"})


@pytest.mark.parametrize("alone", [True, False])
def test_a_checkpoint_and_its_export_are_the_same_bytes(tmp_path, alone):
    """With and without the classifier of sound without picture, which the released models lack."""
    state = random_state({"variant": "debug_audio", "audio": {"matches_alone": alone}})
    assert ("atm_head.weight" in state) == alone and TIED in state
    save_file(state, tmp_path / "model.safetensors")
    loaded = load(PORT, open_layers(PORT, [f"{tmp_path}/model.safetensors"]))
    export(TreeSource.of_params(PORT, loaded.params), tmp_path / "again.safetensors")
    again = load_file(tmp_path / "again.safetensors")
    assert set(again) == set(state)
    assert all(again[key].tobytes() == state[key].tobytes() for key in state)


def test_the_audio_encoder_of_another_file(state, tmp_path):
    prefix = "audio_encoder."
    beats = {key.removeprefix(prefix): value + 1 for key, value in state.items() if key.startswith(prefix)}
    beats |= {"predictor.weight": np.ones((2, 2), np.float32), "predictor.bias": np.ones(2, np.float32)}
    save_file(beats, tmp_path / "beats.safetensors")
    others = {key: value for key, value in state.items() if not key.startswith(prefix)}
    save_file(others, tmp_path / "model.safetensors")
    layers = open_layers(PORT, [f"{tmp_path}/model.safetensors", f"audio={tmp_path}/beats.safetensors"])
    found = load_into(PORT, targets({"variant": "debug_audio"}), layers)
    assert "a classifier of sounds" in {reason for file in found.report.layers for reason in file.ignored.values()}
    np.testing.assert_array_equal(found.params["audio"]["encoder"]["positions"]["gain"],
                                  beats["encoder.pos_conv.0.weight_g"][0, 0])  # fmt: skip
    np.testing.assert_array_equal(found.params["audio"]["proj"]["bias"], state["audio_proj.bias"])
    del beats["encoder.pos_conv.0.weight_g"]
    save_file(beats, tmp_path / "beats.safetensors")
    layers = open_layers(PORT, [f"{tmp_path}/model.safetensors", f"audio={tmp_path}/beats.safetensors"])
    with pytest.raises(UserError, match=r"audio_encoder\.encoder\.pos_conv\.0\.weight_g"):
        load_into(PORT, targets({"variant": "debug_audio"}), layers)


def test_relative_positions_that_differ_from_layer_to_layer_are_refused(state, tmp_path):
    save_file({**state, TIED: state[TIED] + 1}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"relative_attention_bias.*values other than those of audio_encoder"):
        load(PORT, open_layers(PORT, [f"{tmp_path}/model.safetensors"]))


def test_sound_needs_a_common_width():
    with pytest.raises(UserError, match=r"model\.audio needs model\.memory_width"):
        model_spec({"variant": "1b", "audio": {}})
    assert model_spec({"variant": "6b_audio"}) == model_spec({"variant": "6b", "audio": {}})
