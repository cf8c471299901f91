"""Orbax folders: the leaves of a training run and of an import are read back as they were."""

import numpy as np
import orbax.checkpoint as ocp
import pytest
from etils import epath

from tests.support import tiny_checkpoint as tiny
from timesuite_jax import param_tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.port import LazyArray, LoadReport, TreeSource, compare, lazy_arrays, load, resolve
from timesuite_jax.port.files import open_checkpoint, open_layers, open_orbax, orbax_folder, write_import
from timesuite_jax.registry.ports import PORTS
from timesuite_jax.storage.checksums import write_manifest

PORT = PORTS["videochat_t"]
TABLE = PORT.table_for_torch({key: value.shape for key, value in tiny.tensors().items()})


def save_run(folder, steps):
    """The folders of a training run: trainable parameters at every step, frozen ones once."""
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


def test_a_training_run(tmp_path):
    save_run(tmp_path, [9, 10])
    source = open_orbax(PORT, tmp_path)
    new, old = tiny.tensors(seed=10), tiny.tensors(seed=0)
    for key, entry in TABLE.entries.items():
        assert np.array_equal(source.read(key), (new if entry.trainable else old)[key]), key


@pytest.mark.parametrize("part", ["checkpoints/1/params", "frozen/abc", "params"])
def test_a_flipped_bit_is_no_weight(tmp_path, part):
    if part == "params":
        decided = resolve(PORT, open_layers(PORT, [str(tiny.save(tmp_path / "x.safetensors", tiny.tensors()))]))
        write_import(tmp_path / "run", lazy_arrays(decided), decided.report)
    else:
        save_run(tmp_path / "run", [1])
    source = open_orbax(PORT, tmp_path / "run")
    # The largest file holds values; nothing but its checksum has a say in them.
    files = [path for path in (tmp_path / "run" / part).rglob("*") if path.is_file()]
    file = max(files, key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match=rf"is damaged \(.*{file.name}: checksum .*bring back a copy"):
        for key in TABLE.entries:
            source.read(key)


def test_small_batches_give_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(orbax_folder, "_BATCH", 100)
    save_run(tmp_path / "run", [1])
    source = open_orbax(PORT, tmp_path / "run")
    arrays = {k: (tiny.tensors(seed=1) if e.trainable else tiny.tensors())[k] for k, e in TABLE.entries.items()}
    ids = {"qformer.bert.embeddings.position_ids": np.arange(16)[None]}
    assert compare(source, open_checkpoint(PORT, tiny.save(tmp_path / "x.safetensors", {**arrays, **ids}))) == []


def test_an_import_is_a_source_like_any_other(tmp_path, monkeypatch):
    monkeypatch.setattr(orbax_folder, "_BATCH", 300)
    weights = tiny.save(tmp_path / "x.safetensors", tiny.tensors())
    decided = resolve(PORT, open_layers(PORT, [str(weights)]))
    write_import(tmp_path / "imported", lazy_arrays(decided), decided.report)
    again = load(PORT, open_layers(PORT, [str(tmp_path / "imported")])).params
    assert compare(TreeSource.of_params(PORT, again), open_orbax(PORT, tmp_path / "imported")) == []
    assert np.array_equal(again["merge_proj"]["kernel"], tiny.tensors()["merge_proj.weight"].T)


def test_large_leaves_go_in_parts(tmp_path, monkeypatch):
    """Layer by layer for a stack, chunk by chunk for others, and the bytes are the same."""
    monkeypatch.setattr(orbax_folder, "_BATCH", 300)
    monkeypatch.setattr(orbax_folder, "_CHUNK", 40)
    asked = []
    whole = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    leaves = {
        ("stack",): LazyArray(whole.shape, whole.dtype, True, lambda index: asked.append(index) or whole[index].copy()),
        ("flat",): LazyArray(
            (24,), whole.dtype, False, lambda index: asked.append(index) or whole.ravel()[index].copy()
        ),
        ("scalar",): LazyArray((), whole.dtype, False, lambda index: whole[0, 0, 1].copy()),
    }
    write_import(tmp_path / "out", leaves, LoadReport("toy", []))
    with ocp.StandardCheckpointer() as reader:
        found = reader.restore(tmp_path / "out/params")
    assert np.array_equal(found["stack"], whole) and np.array_equal(found["flat"], whole.ravel())
    assert found["scalar"] == whole[0, 0, 1]
    assert len([index for index in asked if len(index) == 3]) == 4
    assert len([index for index in asked if len(index) == 1]) > 1


def test_pending_is_an_array_for_others():
    leaf = LazyArray((2,), np.dtype(np.float32), False, lambda index: np.ones(2, np.float32)[index])
    assert np.array_equal(np.asarray(leaf), np.ones(2, np.float32)) and np.asarray(leaf, np.float64).dtype == np.float64


def test_batches(monkeypatch):
    monkeypatch.setattr(orbax_folder, "_BATCH", 100)
    assert orbax_folder._batches([30, 30, 30, 200, 10, 90, 1]) == [[0, 1, 2], [3], [4, 5], [6]]
    assert orbax_folder._batches([]) == []


def test_unreadable(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(UserError, match="holds no checkpoint"):
        open_orbax(PORT, tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "_METADATA").write_text("{")
    with pytest.raises(UserError, match="no readable Orbax checkpoint"):
        open_orbax(PORT, broken)
