"""Quantized kernels are made from floats on any mesh, and exported only as dequantized floats."""

import json

import jax
import numpy as np
import pytest
from flax import linen as nn

from tests.support import tiny_checkpoint as tiny
from timesuite_jax import parallel, port
from timesuite_jax import param_tree as trees
from timesuite_jax.cli.main import main
from timesuite_jax.errors import UserError
from timesuite_jax.layers.quantized import QUANTIZED_TYPES, dequantize, quantize
from timesuite_jax.models.text import MistralSpec
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.port import LazyArray, open_layers, write_import
from timesuite_jax.port.quantize import quantized_leaves
from timesuite_jax.registry.ports import PORTS
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

PORT = PORTS["videochat_t"]


def boxed(form: str) -> dict:
    """Shapes of a model whose kernels have several groups each."""
    spec = VideoChatTSpec.from_variant("debug", mistral=MistralSpec.from_variant("debug", weight_format=form))
    shape, size = (1, spec.clips, spec.clip_frames), spec.vision.image_size
    fields = {
        "frames": ((*shape, size, size, 3), np.uint8),
        "clip_text": ((1, spec.clips, 4), np.int32),
        "clip_text_mask": ((1, spec.clips, 4), np.bool_),
        "tokens": ((1, 8), np.int32),
        "visual_slot": ((1, 8), np.int32),
        "valid": ((1, 8), np.bool_),
    }
    batch = {name: jax.ShapeDtypeStruct(*field) for name, field in fields.items()}
    return jax.eval_shape(VideoChatT(spec).init, jax.random.key(0), batch)["params"]


def targets(form: str, mesh: MeshSpec) -> dict:
    return parallel.abstract_arrays(boxed(form), parallel.make_mesh(mesh), parallel.DEFAULT_RULES)


@pytest.fixture(scope="module")
def floats(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[ParamPath, np.ndarray]]:
    """A checkpoint file of that model, and its arrays by path."""
    rng = np.random.default_rng(0)
    leaves = {
        path: rng.normal(size=leaf.shape).astype(np.float32)
        for path, leaf in trees.leaves_with_paths(nn.meta.unbox(boxed("float")))
    }
    source = port.TreeSource.of_params(PORT, trees.from_paths(leaves))
    file = tmp_path_factory.mktemp("floats") / "model.safetensors"
    tiny.save(file, {key: source.read(key) for key in source.infos})
    return str(file), leaves


def expected(leaves: dict[ParamPath, np.ndarray], form: str) -> dict[ParamPath, np.ndarray]:
    out = {}
    for path, leaf in leaves.items():
        if path[:2] == ("mistral", "layers") and path[-1] == "kernel":
            out |= {(*path, name): part for name, part in quantize(leaf, QUANTIZED_TYPES[form]).items()}
        else:
            out[path] = leaf
    return out


def assert_same(found: dict, wanted: dict[ParamPath, np.ndarray]) -> None:
    found = dict(trees.leaves_with_paths(found))
    assert set(found) == set(wanted)
    for path, leaf in found.items():
        assert leaf.dtype == wanted[path].dtype, path
        np.testing.assert_array_equal(np.asarray(leaf), wanted[path], err_msg="/".join(path))


@pytest.mark.parametrize("form", QUANTIZED_TYPES)
def test_shards_are_quantized_as_they_are_read(form: str, floats: tuple):
    file, leaves = floats
    wanted = targets(form, MeshSpec(data=2, fsdp=2, tensor=2))
    params = port.load_into(PORT, wanted, open_layers(PORT, [file])).params
    assert_same(params, expected(leaves, form))
    q = params["mistral"]["layers"]["attn"]["q"]["kernel"]
    assert q["quantized"].sharding.shard_shape(q["quantized"].shape) == (2, 32, 32)
    assert q["scales"].sharding.shard_shape(q["scales"].shape) == (2, 1, 32)


def test_groups_that_do_not_divide_are_reported():
    with pytest.raises(
        UserError, match=r"attn/q/kernel/scales \(2, 2, 64\): 'embed' \(2\) is not divisible by mesh.fsdp=8"
    ):
        targets("int8", MeshSpec(data=1, fsdp=8))


def test_a_part_equals_that_part_of_the_whole():
    kernel = np.random.default_rng(1).normal(size=(2, 96, 6)).astype(np.float32)
    requested = []

    def read(index: tuple[slice, ...]) -> np.ndarray:
        requested.append(index)
        return kernel[index].copy()

    leaves = quantized_leaves(("k",), LazyArray(kernel.shape, kernel.dtype, True, read), QUANTIZED_TYPES["int4"])
    wanted = quantize(kernel, QUANTIZED_TYPES["int4"])
    index = (slice(1, 2), slice(20, 40), slice(2, 5))  # begins and ends inside a group
    np.testing.assert_array_equal(leaves["k", "quantized"].fill(index), wanted["quantized"][index])
    assert requested == [(slice(1, 2), slice(0, 64), slice(2, 5))], "one layer, whole groups, no other columns"
    index = (slice(0, 2), slice(1, 3), slice(0, 6))
    np.testing.assert_array_equal(leaves["k", "scales"].fill(index), wanted["scales"][index])
    flat = quantized_leaves(
        ("k",), LazyArray((96, 6), kernel.dtype, False, lambda index: kernel[0][index]), QUANTIZED_TYPES["int4"]
    )
    np.testing.assert_array_equal(flat["k", "quantized"].whole(), wanted["quantized"][0])


def test_a_folder_of_quantized_kernels_is_a_source_like_a_file(
    floats: tuple, tmp_path, capsys: pytest.CaptureFixture[str]
):
    file, leaves = floats
    wanted = dict(trees.leaves_with_paths(nn.meta.unbox(boxed("int4"))))
    plan = port.resolve(PORT, open_layers(PORT, [file]), {path: leaf.shape for path, leaf in wanted.items()})
    folder = tmp_path / "model"
    write_import(folder, port.lazy_arrays(plan, wanted), plan.report)

    again = port.load_into(PORT, trees.from_paths(wanted), open_layers(PORT, [str(folder)])).params
    assert_same(again, expected(leaves, "int4"))

    out = tmp_path / "out.safetensors"
    assert main(["port", "export", str(folder), "--out", str(out)]) == 2
    assert "14 quantized kernels" in (error := capsys.readouterr().err) and "--trainable-only" in error
    assert not out.exists()
    assert main(["port", "export", str(folder), "--out", str(out), "--trainable-only", "--json"]) == 0
    count = json.loads(capsys.readouterr().out)["tensors"]
    assert main(["port", "export", str(folder), "--out", str(out), "--dequantize", "--overwrite", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tensors"] > count
    back = port.load(PORT, open_layers(PORT, [str(out)])).params
    kernel = again["mistral"]["layers"]["mlp"]["down"]["kernel"]
    np.testing.assert_array_equal(
        back["mistral"]["layers"]["mlp"]["down"]["kernel"], dequantize(**kernel, dtype=np.float32)
    )
    assert main(["port", "verify", str(folder), str(out)]) == 0
    capsys.readouterr()
    assert main(["port", "inspect", str(folder)]) == 0
    assert "14 of them are quantized" in capsys.readouterr().out
