"""Files of stage 2, or of what it starts from, become one model and are written again with the same bytes."""

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

MODEL = {
    "variant": "debug",
    "memory_width": 24,
    "vision": {"return_layers": (-2, -1)},
    "decoders": {"width": 48, "pooled_width": 24},
    "teacher": {"variant": "debug", "num_frames": 1, "width": 48, "return_layers": (-2, -1)},
}
TIED = "text_encoder.cls.predictions.decoder.weight"


def targets(model: dict) -> dict:
    """Shapes of all parameters."""
    return unbox(jax.eval_shape(functools.partial(boxed_params, model_spec(model)), jax.random.key(0)))


@pytest.fixture(scope="module")
def state() -> dict[str, np.ndarray]:
    """A state dict with random values."""
    rng = np.random.default_rng(0)
    tree = jax.tree.map(lambda leaf: rng.normal(size=leaf.shape).astype(np.float32), targets(MODEL))
    shapes = {"/".join(path): leaf.shape for path, leaf in param_tree.leaves_with_paths(tree)}
    return build(VideoTextSizes.from_tree(shapes)).to_torch(tree)


def part(state: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


@pytest.mark.parametrize("wrapper", ["", "module."])
def test_a_checkpoint_and_its_export_are_the_same_bytes(state, tmp_path, wrapper):
    save_file({f"{wrapper}{key}": value for key, value in state.items()}, tmp_path / "model.safetensors")
    loaded = load(PORT, open_layers(PORT, [f"{tmp_path}/model.safetensors"]))
    export(TreeSource.of_params(PORT, loaded.params), tmp_path / "again.safetensors")
    again = load_file(tmp_path / "again.safetensors")
    assert set(again) == set(state)
    assert all(again[key].tobytes() == state[key].tobytes() for key in state)
    assert loaded.report.layers[0].ignored[TIED] == "the same as text_encoder.bert.embeddings.word_embeddings.weight"


def test_repeated_tensors_that_differ_are_refused(state, tmp_path):
    save_file({**state, TIED: state[TIED] + 1}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"values other than those of text_encoder\.bert\.embeddings\.word"):
        load(PORT, open_layers(PORT, [f"{tmp_path}/model.safetensors"]))


def test_a_new_model_of_published_parts(state, tmp_path):
    """A student of stage 1, BERT in its first spelling with more than is needed, and a teacher."""
    vision = part(state, "vision_encoder.")
    own_image = [key for key in vision if "img_pos_embed" in key]
    vision = {key: value for key, value in vision.items() if key not in own_image}
    vision |= {"mae_pos_embed": np.ones((1, 2, 3), np.float32), "mae_decoder.0.norm.weight": np.ones(2, np.float32)}
    text = {
        key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
        for key, value in part(state, "text_encoder.").items()
        if "crossattention" not in key
    }
    text["bert.pooler.dense.weight"] = text["cls.seq_relationship.weight"] = np.ones(2, np.float32)
    files = []
    for role, tensors in (("encoder", vision), ("text", text), ("teacher", part(state, "clip_teacher."))):
        save_file(tensors, tmp_path / f"{role}.safetensors")
        files.append(f"{role}={tmp_path}/{role}.safetensors")
    new = ("fusion/layers/cross_attention/*", "*/positions/image", "*/clip_positions/image", "memory_*")
    heads = ("vision_proj/*", "text_proj/*", "match_head/*", "temperature")
    found = load_into(PORT, targets(MODEL), open_layers(PORT, files), expect_missing=(*new, *heads)).params
    np.testing.assert_array_equal(
        found["fusion"]["layers"]["attention"]["norm"]["scale"][0],
        state["text_encoder.bert.encoder.layer.2.attention.output.LayerNorm.weight"],
    )
    assert set(found) == {"vision", "text", "fusion", "word_head", "teacher"}
    with pytest.raises(UserError, match=r"positions of images; set model\.vision\.image_positions='mean'"):
        load_into(PORT, targets(MODEL), open_layers(PORT, files), expect_missing=(*new[:1], *new[3:], *heads))


def test_a_tower_of_texts_as_fine_tuning_writes_it(state, tmp_path):
    bare = {key.replace("text_encoder.bert.", "text_encoder."): value for key, value in state.items()}
    save_file({key: value for key, value in bare.items() if ".cls." not in key}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match="fine-tuned without the head of masked words"):
        load_into(PORT, targets(MODEL), open_layers(PORT, [f"{tmp_path}/model.safetensors"]))
    layers = open_layers(PORT, [f"{tmp_path}/model.safetensors"])
    found = load_into(PORT, targets(MODEL), layers, expect_missing=("word_head/*",)).params
    np.testing.assert_array_equal(
        found["text"]["embeddings"]["word"]["embedding"],
        state["text_encoder.bert.embeddings.word_embeddings.weight"],
    )


def test_audio_of_the_6b_is_ignored_with_a_reason(state, tmp_path):
    save_file({**state, "audio_proj.weight": np.ones((2, 2), np.float32)}, tmp_path / "model.safetensors")
    loaded = load_into(PORT, targets(MODEL), open_layers(PORT, [f"{tmp_path}/model.safetensors"]))
    assert loaded.report.layers[0].ignored["audio_proj.weight"].startswith("a part for audio")


def test_another_variant_is_one_sentence(state, tmp_path):
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"set model\.variant, or model\.memory_width"):
        load_into(PORT, targets({**MODEL, "memory_width": 28}), open_layers(PORT, [f"{tmp_path}/model.safetensors"]))
