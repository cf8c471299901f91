"""Orbax folders: an import and a training run are read back unchanged, in any batch size."""

import numpy as np
import orbax.checkpoint as ocp
import pytest
from etils import epath

from tests.support import tiny_checkpoint as tiny
from timesuite_jax import param_tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.port import (
    LazyArray,
    LoadReport,
    TreeSource,
    compare,
    lazy_arrays,
    load,
    open_checkpoint,
    open_layers,
    open_orbax,
    resolve,
    write_import,
)
from timesuite_jax.port.files.orbax_reader import OrbaxParams
from timesuite_jax.port.files.orbax_writer import write_params
from timesuite_jax.registry.ports import PORTS
from timesuite_jax.storage.batches import batches
from timesuite_jax.storage.checksums import write_manifest

PORT = PORTS["videochat_t"]
TABLE = PORT.table_for_torch({key: value.shape for key, value in tiny.tensors().items()})


def save_run(folder, steps):
    """Writes the folders of a training run: trainable parameters of every step, frozen ones once."""
    trainable = {entry.path for entry in TABLE.entries.values() if entry.trainable}
    frozen = trees.split(TABLE.to_tree(tiny.tensors(seed=0)), lambda path: path not in trainable)[0]
    with ocp.StandardCheckpointer() as writer:
        writer.save(folder / "frozen/abc", frozen)
        writer.wait_until_finished()
        write_manifest(epath.Path(folder / "frozen/abc"))
        for step in steps:
            params = trees.split(TABLE.to_tree(tiny.tensors(seed=step)), lambda path: path in trainable)[0]
            writer.save(folder / f"checkpoints/{step}/params", params)
            with ocp.Checkpointer(ocp.JsonCheckpointHandler()) as config:
                config.save(folder / f"checkpoints/{step}/config", {"config": {}, "frozen": "abc"})
            writer.wait_until_finished()
            write_manifest(epath.Path(folder / f"checkpoints/{step}"))


def import_tiny(folder):
    weights = tiny.save(folder.parent / "x.safetensors", tiny.tensors())
    plan = resolve(PORT, open_layers(PORT, [str(weights)]))
    write_import(folder, lazy_arrays(plan), plan.report)


def test_the_newest_step_of_a_run_is_read_with_its_frozen_parameters(tmp_path):
    save_run(tmp_path, [9, 10])
    source = open_orbax(PORT, tmp_path)
    new, old = tiny.tensors(seed=10), tiny.tensors(seed=0)
    for key, entry in TABLE.entries.items():
        assert np.array_equal(source.read(key), (new if entry.trainable else old)[key]), key


@pytest.mark.parametrize("part", ["checkpoints/1/params", "frozen/abc", "params"])
def test_a_flipped_bit_is_detected(tmp_path, part):
    if part == "params":
        import_tiny(tmp_path / "run")
    else:
        save_run(tmp_path / "run", [1])
    source = open_orbax(PORT, tmp_path / "run")
    # The largest file contains values, which nothing but its checksum protects.
    files = [path for path in (tmp_path / "run" / part).rglob("*") if path.is_file()]
    file = max(files, key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match=rf"damaged.*{file.name}.*checksum.*restore a copy"):
        for key in TABLE.entries:
            source.read(key)


def test_small_batches_give_the_same_values(tmp_path):
    save_run(tmp_path / "run", [1])
    params = OrbaxParams(tmp_path / "run", batch_bytes=100)
    arrays = {k: (tiny.tensors(seed=1) if e.trainable else tiny.tensors())[k] for k, e in TABLE.entries.items()}
    expected = dict(trees.leaves_with_paths(TABLE.to_tree(arrays)))
    assert set(params.leaves) == set(expected)
    for path, leaf in expected.items():
        assert np.array_equal(params.read(path), leaf), path


def test_an_import_is_a_source_like_a_file(tmp_path):
    import_tiny(tmp_path / "imported")
    again = load(PORT, open_layers(PORT, [str(tmp_path / "imported")])).params
    assert compare(TreeSource.of_params(PORT, again), open_orbax(PORT, tmp_path / "imported")).differences == []
    assert (
        compare(open_checkpoint(PORT, tmp_path / "imported"), open_orbax(PORT, tmp_path / "imported")).differences == []
    )
    assert np.array_equal(again["merge_proj"]["kernel"], tiny.tensors()["merge_proj.weight"].T)


def test_large_leaves_are_written_in_chunks(tmp_path):
    """Layer by layer for a stack, chunk by chunk for other leaves; the values are the same."""
    requested = []
    whole = np.arange(24, dtype=np.float32).reshape(4, 3, 2)

    def reader(array):
        def fill(index):
            requested.append(index)
            return array[index].copy()

        return fill

    leaves = {
        ("stack",): LazyArray(whole.shape, whole.dtype, True, reader(whole)),
        ("flat",): LazyArray((24,), whole.dtype, False, reader(whole.ravel())),
        ("scalar",): LazyArray((), whole.dtype, False, lambda index: np.array(whole[0, 0, 1])),
    }
    write_params(tmp_path / "params", leaves, chunk_bytes=40)
    with ocp.StandardCheckpointer() as reader:
        found = reader.restore(tmp_path / "params")
    assert np.array_equal(found["stack"], whole) and np.array_equal(found["flat"], whole.ravel())
    assert found["scalar"] == whole[0, 0, 1]
    assert len([index for index in requested if len(index) == 3]) == 4
    assert len([index for index in requested if len(index) == 1]) > 1


def test_a_failed_read_leaves_no_folder(tmp_path):
    def fill(index):
        raise UserError("the file is gone")

    with pytest.raises(UserError, match="the file is gone"):
        write_import(tmp_path / "out", {("x",): LazyArray((2,), np.dtype("f4"), False, fill)}, LoadReport("toy", []))
    assert not (tmp_path / "out").exists()


def test_a_lazy_array_converts_to_numpy():
    leaf = LazyArray((2,), np.dtype(np.float32), False, lambda index: np.ones(2, np.float32)[index])
    assert np.array_equal(np.asarray(leaf), np.ones(2, np.float32)) and np.asarray(leaf, np.float64).dtype == np.float64


def test_batches():
    assert batches([30, 30, 30, 200, 10, 90, 1], limit=100) == [[0, 1, 2], [3], [4, 5], [6]]
    assert batches([]) == []


def test_unreadable_folders_are_refused(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(UserError, match=r"no checkpoint.*give"):
        open_orbax(PORT, tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "_METADATA").write_text("{")
    with pytest.raises(UserError, match="not a readable Orbax checkpoint"):
        open_orbax(PORT, broken)
