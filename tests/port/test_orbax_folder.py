"""Orbax folders: the leaves of a training run and of an import are read back as they were."""

import numpy as np
import orbax.checkpoint as ocp
import pytest
import tiny_checkpoint as tiny

from timesuite_jax import tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.port import MODELS, compare, open_orbax, open_source, orbax_folder

PORT = MODELS["videochat_t"]
TABLE = PORT.table_for_torch({key: value.shape for key, value in tiny.tensors().items()})


def save_run(folder, steps):
    """The folders of a training run: trainable parameters at every step, frozen ones once."""
    trainable = {entry.path for entry in TABLE.entries.values() if entry.trainable}
    frozen = trees.split(TABLE.to_tree(tiny.tensors(seed=0)), lambda path: path not in trainable)[0]
    with ocp.StandardCheckpointer() as writer:
        writer.save(folder / "frozen/abc", frozen)
        for step in steps:
            params = trees.split(TABLE.to_tree(tiny.tensors(seed=step)), lambda path: path in trainable)[0]
            writer.save(folder / f"checkpoints/{step}/params", params)
            with ocp.Checkpointer(ocp.JsonCheckpointHandler()) as config:
                config.save(folder / f"checkpoints/{step}/config", {"config": {}, "frozen": "abc"})


def test_a_training_run(tmp_path):
    save_run(tmp_path, [9, 10])
    source = open_orbax(PORT, tmp_path)
    new, old = tiny.tensors(seed=10), tiny.tensors(seed=0)
    for key, entry in TABLE.entries.items():
        assert np.array_equal(source.read(key), (new if entry.trainable else old)[key]), key


def test_small_batches_give_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(orbax_folder, "_BATCH", 100)
    save_run(tmp_path / "run", [1])
    source = open_orbax(PORT, tmp_path / "run")
    arrays = {k: (tiny.tensors(seed=1) if e.trainable else tiny.tensors())[k] for k, e in TABLE.entries.items()}
    ids = {"qformer.bert.embeddings.position_ids": np.arange(16)[None]}
    assert compare(source, open_source(tiny.save(tmp_path / "x.safetensors", {**arrays, **ids}))) == []


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
