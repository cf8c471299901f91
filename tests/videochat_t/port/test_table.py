"""The port table of VideoChat-T is a bijection: state dict -> tree -> state dict gives the same keys and bytes."""

import numpy as np
import pytest

from timesuite_jax import param_tree as trees
from timesuite_jax.port.layout import LINEAR, SAME_1D, patches
from timesuite_jax.port.table import Entry, Table
from timesuite_jax.videochat_t.port import table as port_table

SIZES = [
    port_table.VideoChatTSizes(2, 4, 4, 16, 2, mistral_proj=True),
    port_table.VideoChatTSizes(1, 2, 3, 16, 1, time_adapter=False),
    port_table.VideoChatTSizes(1, 2, 1, 512, 1, text_input=False, lora=False),
]


def some_tensors(table: Table, patch: int) -> dict[str, np.ndarray]:
    """Tensors of arbitrary but consistent shapes: 2 in, 3 out, so that a missing transposition is noticed."""
    letters = {"o": 3, "i": 2, "d": 5, "c": 3, "t": 1, "h": patch, "w": patch, "k": 3, "b": 1, "n": 16, "1": 1}
    rng = np.random.default_rng(0)
    tensors = {}
    for name, entry in table.entries.items():
        shape = tuple(letters[letter] for letter in entry.layout.torch.split())
        tensors[name] = rng.normal(size=shape).astype(np.float32)
    return tensors


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_round_trip_is_bytewise(sizes):
    table = port_table.build(sizes)
    tensors = some_tensors(table, sizes.patch)
    tree = table.to_tree(tensors)
    back = table.to_torch(tree)
    assert set(back) - set(tensors) == set(table.constants)
    for name, tensor in tensors.items():
        assert back[name].dtype == tensor.dtype and back[name].shape == tensor.shape
        assert back[name].tobytes() == tensor.tobytes(), name


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_sizes_are_derived_from_both_sides(sizes):
    table = port_table.build(sizes)
    tensors = some_tensors(table, sizes.patch)
    torch_shapes = {name: tensor.shape for name, tensor in tensors.items()}
    tree_shapes = {"/".join(p): leaf.shape for p, leaf in trees.leaves_with_paths(table.to_tree(tensors))}
    assert port_table.VideoChatTSizes.from_torch(torch_shapes) == sizes
    assert port_table.VideoChatTSizes.from_tree(tree_shapes) == sizes


def test_an_exported_tensor_owns_its_memory():
    table = port_table.build(SIZES[0])
    tensors = some_tensors(table, SIZES[0].patch)
    tensors["merge_proj.bias"] = tensors["mistral_proj.bias"]  # upstream's shared storage
    back = table.to_torch(table.to_tree(tensors))
    assert not np.shares_memory(back["merge_proj.bias"], back["mistral_proj.bias"])


def test_patch_kernel_is_h_w_c():
    kernel = np.arange(5 * 3 * 4, dtype=np.float32).reshape(5, 3, 1, 2, 2)
    dense = patches(2).to_jax(kernel)
    assert dense.shape == (12, 5)
    assert dense[1 * 6 + 0 * 3 + 2, 4] == kernel[4, 2, 0, 1, 0]


def test_a_transposition_is_a_view():
    tensor = np.zeros((3, 2), np.float32)
    assert np.shares_memory(LINEAR.to_jax(tensor), tensor)


def test_shapes_allocate_nothing():
    huge = (2**40, 2**20)
    assert LINEAR.jax_shape(huge) == huge[::-1]
    assert patches(16).torch_shape((768, 1024)) == (1024, 3, 1, 16, 16)


def test_missing_and_unexpected_keys_are_reported_together():
    table = Table("toy", [Entry("a", "x/a", SAME_1D), Entry("b", "x/b", SAME_1D)], [], order=str)
    with pytest.raises(KeyError, match=r"missing \['b'\], unexpected \['c'\]"):
        table.to_tree({"a": np.zeros(2), "c": np.zeros(2)})
    with pytest.raises(KeyError, match=r"missing \['x/b'\], unexpected \['y'\]"):
        table.to_torch({"x": {"a": np.zeros(2)}, "y": np.zeros(2)})


def test_tables_that_are_not_bijections_are_refused():
    with pytest.raises(ValueError, match="twice"):
        Table("toy", [Entry("a", "x", SAME_1D), Entry("a", "y", SAME_1D)], [], order=str)
    with pytest.raises(ValueError, match=r"layers \[0, 2\]"):
        Table("toy", [Entry("a", "x", SAME_1D, layer=0), Entry("b", "x", SAME_1D, layer=2)], [], order=str)
