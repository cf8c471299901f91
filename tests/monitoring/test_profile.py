"""Profiles of a run: where they lie, whose names are in them, how one is asked for."""

import gzip
import json
from pathlib import Path

import jax

from tests.support.toy_task import ToyTask, toy_spec
from timesuite_jax import parallel, training
from timesuite_jax.monitoring.profile import REQUEST, STEPS, Profile
from timesuite_jax.parallel import MeshSpec


def test_a_run_is_profiled_where_its_config_says_and_the_profile_reads_like_the_code(tmp_path: Path):
    mesh = parallel.make_mesh(MeshSpec(), jax.devices()[:1])
    training.run(ToyTask(), toy_spec(total_steps=12, profile_at=3), tmp_path, mesh)
    (profile,) = (tmp_path / "plugins" / "profile").iterdir()
    (trace,) = profile.glob("*.trace.json.gz")
    events = json.loads(gzip.decompress(trace.read_bytes()))["traceEvents"]
    steps = {event["args"]["step_num"] for event in events if event.get("name") == "train"}
    assert steps == {str(step) for step in range(4, 4 + STEPS)}
    (planes,) = profile.glob("*.xplane.pb")
    for name in (b"jit(step)/optimizer/", b"jvp(Network)", b"transpose(jvp(Network))"):
        assert name in planes.read_bytes()


def test_a_profile_is_asked_for_by_a_file(tmp_path: Path):
    profile = Profile(tmp_path, at=0)
    assert not profile.due(0, logged=False) and not profile.due(10, logged=True)
    (tmp_path / REQUEST).touch()
    assert not profile.due(11, logged=False), "looked for at logged steps only: a bucket answers slowly"
    assert profile.due(20, logged=True)
    assert not (tmp_path / REQUEST).exists(), "one request, one profile"
    assert not Profile(tmp_path, at=5, capture=False).due(5, logged=True), "of a pod's processes, one captures"
    assert profile.turn(20) is None
    assert [profile.due(step, logged=False) for step in (21, 24, 25)] == [False, False, True]
    folder = profile.turn(25)
    assert folder is not None and any(Path(folder).glob("*.xplane.pb"))
    assert profile.close() is None


def test_a_profile_that_cannot_begin_does_not_end_the_run(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "full"))
    assert "not begun" in (Profile(tmp_path, at=5).turn(5) or "")
    (tmp_path / "file").touch()
    assert not Profile(tmp_path / "file", at=0).due(10, logged=True)


def test_a_run_that_ends_within_a_profile_still_writes_it(tmp_path: Path):
    profile = Profile(tmp_path, at=5)
    assert profile.due(5, logged=False) and not profile.due(0, logged=False)
    profile.turn(5)
    folder = profile.close()
    assert folder is not None and any(Path(folder).iterdir())
