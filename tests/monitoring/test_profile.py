"""Profiles of a run: their folder, the names in them, requests."""

import gzip
import json
from pathlib import Path

import jax

from tests.support.toy_task import ToyTask, toy_spec
from timesuite_jax import parallel, training
from timesuite_jax.monitoring.profile import REQUEST, STEPS, Profile
from timesuite_jax.parallel import MeshSpec


def test_profile_at_captures_whole_steps_with_the_names_of_scopes(tmp_path: Path):
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


def test_a_file_requests_a_profile(tmp_path: Path):
    profile = Profile(tmp_path, at=0)
    assert not profile.due(0, logged=False) and not profile.due(10, logged=True)
    (tmp_path / REQUEST).touch()
    assert not profile.due(11, logged=False), "only logged steps look for a request: a bucket answers slowly"
    assert profile.due(20, logged=True)
    assert not (tmp_path / REQUEST).exists(), "one request, one profile"
    assert not Profile(tmp_path, at=5, capture=False).due(5, logged=True), "one of a run's processes captures"
    assert profile.toggle(20) is None
    assert [profile.due(step, logged=False) for step in (21, 24, 25)] == [False, False, True]
    folder = profile.toggle(25)
    assert folder is not None and any(Path(folder).glob("*.xplane.pb"))
    assert profile.close() is None


def test_a_profile_that_cannot_start_does_not_end_the_run(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "full"))
    assert "not started" in (Profile(tmp_path, at=5).toggle(5) or "")
    (tmp_path / "file").touch()
    assert not Profile(tmp_path / "file", at=0).due(10, logged=True)


def test_a_run_that_ends_during_a_profile_writes_it(tmp_path: Path):
    profile = Profile(tmp_path, at=5)
    assert profile.due(5, logged=False) and not profile.due(0, logged=False)
    profile.toggle(5)
    folder = profile.close()
    assert folder is not None and any(Path(folder).iterdir())
