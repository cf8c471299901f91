"""Tests for checkpoint integrity: damage is found and reported, and the previous intact checkpoint is used."""

import shutil
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from etils import epath

from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.errors import UserError
from timesuite_jax.storage.checksums import MANIFEST, find_damage

FROZEN = {"still": {"kernel": jnp.arange(6.0)}}


def state(step: int) -> TrainState:
    params = {"head": {"kernel": jnp.full((4, 8), float(step))}}
    return TrainState(step=jnp.int32(step), params=params, opt_state={"mu": jnp.arange(3.0) + step})


def shapes(tree: Any) -> Any:
    return jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), tree)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Steps 1, 2 and 3 of a run."""
    folder = tmp_path_factory.mktemp("saved")
    with Checkpoints(folder, keep=3) as checkpoints:
        checkpoints.keep_frozen(FROZEN)
        for step in (1, 2, 3):
            checkpoints.save(step, state(step), {"position": step}, {"width": 4})
    return folder


@pytest.fixture
def workdir(saved: Path, tmp_path: Path) -> Path:
    return shutil.copytree(saved, tmp_path / "run")


def flip(file: Path, bit: int) -> None:
    data = bytearray(file.read_bytes())
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    file.write_bytes(data)


def largest(folder: Path) -> Path:
    return max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)


def test_every_damaged_file_is_named(workdir: Path):
    folder = workdir / "checkpoints" / "3"
    assert find_damage(epath.Path(folder)) == []
    unlisted = {folder / name for name in (MANIFEST, "_CHECKPOINT_METADATA", "commit_success.txt")}
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path not in unlisted)
    assert len(files) > 20
    rng = np.random.default_rng(0)
    for number in range(100):
        file = files[number % len(files)]
        whole, name = file.read_bytes(), str(file.relative_to(folder))
        flip(file, int(rng.integers(8 * len(whole))))
        (line,) = find_damage(epath.Path(folder))
        assert line.startswith(f"{name}: checksum ")
        file.write_bytes(whole[: rng.integers(len(whole))])
        (line,) = find_damage(epath.Path(folder))
        assert line.startswith(f"{name}: ") and line.endswith(f"of {len(whole)} bytes")
        file.unlink()
        assert find_damage(epath.Path(folder)) == [f"{name}: missing"]
        file.write_bytes(whole)
    assert find_damage(epath.Path(folder)) == []


@pytest.mark.parametrize("text", [b"", b"{}", b'{"crc32c": [1]}', b'{"crc32c": {"a": 1}}', b"\xff\xfe"])
def test_damaged_manifest(workdir: Path, text: bytes):
    folder = workdir / "checkpoints" / "3"
    (folder / MANIFEST).write_bytes(text)
    assert find_damage(epath.Path(folder)) == [f"{MANIFEST}: damaged"]
    (folder / MANIFEST).unlink()
    assert find_damage(epath.Path(folder)) == [f"{MANIFEST}: missing"]
    (folder / MANIFEST).mkdir()
    assert find_damage(epath.Path(folder)) == [f"{MANIFEST}: damaged"]


def test_newest_intact_checkpoint_is_used(workdir: Path, caplog: pytest.LogCaptureFixture):
    flip(largest(workdir / "checkpoints" / "3" / "params"), 99)
    cut = largest(workdir / "checkpoints" / "2" / "optimizer")
    cut.write_bytes(cut.read_bytes()[:-1])
    with Checkpoints(workdir, keep=3) as checkpoints:
        step = checkpoints.check_step(None)
        restored = checkpoints.restore(step, shapes(state(0)), shapes(FROZEN))
        assert checkpoints.steps() == [1]
        checkpoints.save(3, state(3), {"position": 3}, {})  # the damaged one was moved
    assert step == 1 and restored.data == {"position": 1}
    np.testing.assert_array_equal(restored.state.params["head"]["kernel"], state(1).params["head"]["kernel"])
    np.testing.assert_array_equal(restored.frozen["still"]["kernel"], FROZEN["still"]["kernel"])
    assert sorted(path.name for path in (workdir / "damaged").iterdir()) == ["2", "3"]
    assert "checkpoint 3 is damaged (moved to" in caplog.text
    assert f"checkpoints/2/{cut.relative_to(workdir / 'checkpoints' / '2')}" in caplog.text


def test_readers_move_nothing(workdir: Path, caplog: pytest.LogCaptureFixture):
    flip(largest(workdir / "checkpoints" / "3" / "params"), 7)
    with Checkpoints(workdir, read_only=True) as checkpoints:
        assert checkpoints.check_step(None) == 2
        assert checkpoints.check_step(None, "config") == 3
        with pytest.raises(UserError, match=r"checkpoint 3 in .* is damaged; give another step:\n  checkpoints/3/par"):
            checkpoints.check_step(3)
    assert "not moved" in caplog.text and not (workdir / "damaged").exists()


def test_without_an_intact_checkpoint_all_damage_is_reported(workdir: Path):
    for step in ("1", "2", "3"):
        (workdir / "checkpoints" / step / MANIFEST).unlink()
    for _ in range(2):  # nothing is moved: a retry must not find an empty folder and start a new run
        with Checkpoints(workdir, keep=3) as checkpoints, pytest.raises(UserError) as caught:
            checkpoints.check_step(None)
        assert "all checkpoints in" in str(caught.value)
        assert all(f"checkpoints/{step}/{MANIFEST}: missing" in str(caught.value) for step in (1, 2, 3))
    assert not (workdir / "damaged").exists()


def test_damaged_frozen_parameters_are_reported_and_rewritten_by_a_new_run(workdir: Path):
    frozen = largest(workdir / "frozen")
    flip(frozen, 5)
    with Checkpoints(workdir, keep=3) as checkpoints, pytest.raises(UserError, match=r"frozen parameters .*damaged"):
        checkpoints.check_step(None)
    shutil.rmtree(workdir / "checkpoints")
    with Checkpoints(workdir, keep=3) as checkpoints:
        checkpoints.keep_frozen(FROZEN)
        checkpoints.save(1, state(1), {}, {})
    with Checkpoints(workdir, keep=3) as checkpoints:
        assert checkpoints.check_step(None) == 1


def test_unfinished_checkpoint_of_a_killed_process_is_removed(workdir: Path):
    unfinished = workdir / "checkpoints" / "4.orbax-checkpoint-tmp"
    shutil.copytree(workdir / "checkpoints" / "3", unfinished)
    for number in range(2000):  # removing them takes a while; nothing else may write there meanwhile
        (unfinished / "params" / f"part-{number}").touch()
    with Checkpoints(workdir, keep=3) as checkpoints:
        assert checkpoints.check_step(None) == 3
        checkpoints.save(4, state(4), {}, {})
    assert sorted(path.name for path in (workdir / "checkpoints").iterdir()) == ["2", "3", "4"]


def test_conflicting_files_are_reported(workdir: Path):
    (workdir / "damaged").write_text("")
    (workdir / "checkpoints" / "3" / MANIFEST).unlink()
    with (
        Checkpoints(workdir, keep=3) as checkpoints,
        pytest.raises(UserError, match=rf"exists \({workdir}/damaged\); move it"),
    ):
        checkpoints.check_step(None)
    shutil.rmtree(workdir / "frozen")
    (workdir / "frozen").write_text("")
    with Checkpoints(workdir, keep=3) as checkpoints, pytest.raises(UserError, match=f"{MANIFEST}: missing"):
        checkpoints.check_step(None)
    for name in (".writable", ".lock"):
        (workdir / name).unlink(missing_ok=True)
        (workdir / name).mkdir()
        with pytest.raises(UserError, match=rf"is a directory \({workdir}/{name}\); move it"):
            Checkpoints(workdir)
        (workdir / name).rmdir()
