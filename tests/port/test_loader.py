"""Loaded values have the types, shardings and stacks of the model."""

from collections import defaultdict

import jax
import ml_dtypes
import numpy as np
import pytest
from flax import linen as nn
from jax.sharding import NamedSharding, PartitionSpec

from tests.support import tiny_checkpoint as tiny
from timesuite_jax import param_tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.port import TreeSource, load, load_into, open_layers
from timesuite_jax.registry.ports import PORTS
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

PORT = PORTS["videochat_t"]


@pytest.fixture
def layers(tmp_path):
    return open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", tiny.tensors()))])


def test_values_are_cast_and_sharded(layers):
    params = load(PORT, layers).params
    mesh = jax.make_mesh((2, 2), ("a", "b"), axis_types=(jax.sharding.AxisType.Auto,) * 2)
    shardings = {
        ("qformer", "embeddings", "word", "embedding"): PartitionSpec(("a", "b")),
        ("mistral", "layers", "attn", "q", "kernel"): PartitionSpec("a", None, "b"),  # [2, 3, 4]
        ("vision_encoder", "patch_embed", "kernel"): PartitionSpec("b", None),
        ("vision_encoder", "blocks", "norm1", "scale"): PartitionSpec("b"),
    }
    wanted = {path: leaf for path, leaf in trees.leaves_with_paths(params) if path[0] != "mistral_proj"}
    targets = {
        path: jax.ShapeDtypeStruct(
            leaf.shape, ml_dtypes.bfloat16, sharding=NamedSharding(mesh, shardings.get(path, PartitionSpec()))
        )
        for path, leaf in wanted.items()
    }
    loaded = load_into(PORT, trees.from_paths(targets), layers)
    assert loaded.report.layers[0].ignored["mistral_proj.bias"].startswith("only the source of merge_proj")
    found = dict(trees.leaves_with_paths(loaded.params))
    assert set(found) == set(wanted)
    for path, leaf in found.items():
        assert leaf.sharding == targets[path].sharding and leaf.dtype == ml_dtypes.bfloat16
        assert np.array_equal(np.asarray(leaf), wanted[path].astype(ml_dtypes.bfloat16)), path


def test_without_a_sharding_arrays_are_numpy(layers):
    params = load(PORT, layers).params
    params.pop("mistral_proj")
    targets = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, np.float16), params)
    loaded = load_into(PORT, targets, layers).params
    for (path, a), (_, b) in zip(trees.leaves_with_paths(loaded), trees.leaves_with_paths(params), strict=True):
        assert type(a) is np.ndarray and np.array_equal(a, b.astype(np.float16)), path


def test_a_stack_of_two_types_is_refused(tmp_path):
    arrays = tiny.tensors()
    key = "vision_encoder.encoder.blocks.1.norm1.bias"
    arrays[key] = arrays[key].astype(np.float16)
    layers = open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))])
    with pytest.raises(UserError, match=r"different types \(float16, float32\)"):
        load(PORT, layers)


def test_tensors_keep_their_types(tmp_path):
    arrays = tiny.tensors()
    half = ml_dtypes.bfloat16
    arrays = {key: value.astype(half if "mistral_model" in key else value.dtype) for key, value in arrays.items()}
    params = load(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", arrays))])).params
    source = TreeSource.of_params(PORT, params)
    for key, array in arrays.items():
        found = source.read(key)
        assert found.dtype == array.dtype and found.tobytes() == array.tobytes()


def test_a_tree_of_another_model_is_refused():
    with pytest.raises(UserError, match="parameter vision_encoder/blocks/norm1/scale is missing"):
        TreeSource.of_params(PORT, {"x": np.zeros(2)})
    params = PORT.table_for_torch({key: value.shape for key, value in tiny.tensors().items()}).to_tree(tiny.tensors())
    params["extra"] = np.zeros(2)
    del params["clip_proj"]["bias"]
    with pytest.raises(UserError, match=r"2 parameters are missing or unknown \(clip_proj/bias, extra\)"):
        TreeSource.of_params(PORT, params)


@pytest.mark.parametrize("tape", [True, False], ids=["LinearProAda", "LinearP"])
@pytest.mark.parametrize("variant", ["debug", "released"])
def test_the_table_matches_the_model(variant, tape):
    """Every parameter of the real model has its torch tensors, of the right shape, and vice versa."""
    spec = VideoChatTSpec.from_variant(variant, tape=tape)
    clips, frames = spec.clips, spec.clip_frames
    size = spec.vision.image_size
    ints = jax.ShapeDtypeStruct((1, 8), np.int32)
    batch = {
        "frames": jax.ShapeDtypeStruct((1, clips, frames, size, size, 3), np.uint8),
        "clip_text": jax.ShapeDtypeStruct((1, clips, 4), np.int32),
        "clip_text_mask": jax.ShapeDtypeStruct((1, clips, 4), np.bool_),
        "tokens": ints,
        "visual_slot": ints,
        "valid": jax.ShapeDtypeStruct((1, 8), np.bool_),
    }
    params = nn.meta.unbox(jax.eval_shape(VideoChatT(spec).init, jax.random.key(0), batch))["params"]
    source = TreeSource(PORT, dict(trees.leaves_with_paths(params)), lambda path: None, "the model")
    assert ("temp_adap.fc.0.weight" in source.infos) == tape
    sizes: dict[str, set[int]] = defaultdict(set)
    for key, entry in source.table.entries.items():
        for name, length in zip(entry.sizes, source.infos[key].shape, strict=True):
            sizes[name].add(length)
    assert {name for name, found in sizes.items() if len(found) > 1} == set()
    if variant == "released":
        count = sum(info.size for info in source.infos.values())
        # The original's own count (tower, norm, Q-Former, queries, projections, adapters, Mistral) and position_ids.
        ours = 290_477_056 + 2_048 + 182_121_216 + 73_728 + 590_592 + 12_587_008 + 42_520_576 + 7_241_732_096
        assert count == ours + 512 + (1_721_344 if tape else 0)
        assert source.infos["qformer.bert.encoder.layer.10.crossattention.self.key.weight"].shape == (768, 1024)
        assert source.infos["vision_encoder.encoder.patch_embed.proj.weight"].shape == (1024, 3, 1, 16, 16)
