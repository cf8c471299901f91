"""Several processes write the files that one writes, each once; what remains of a killed run is completed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from rehearse_pod import environment, free_port

from tests.support.paths import ROOT
from tests.support.sample_videos import numbered_video
from timesuite_jax.cli.main import main
from timesuite_jax.embeddings.video import read_features
from timesuite_jax.embeddings.video.extraction_job import HEARTBEATS

COUNTS = {"a": 36, "b": 24, "long": 96, "sub/a": 48, "sub/b": 12, "z": 30}


@pytest.fixture
def videos(tmp_path):
    folder = tmp_path / "videos"
    (folder / "sub").mkdir(parents=True)
    for name, count in COUNTS.items():
        (folder / f"{name}.mp4").write_bytes(numbered_video(count))
    return folder


@contextmanager
def processes(*words: object, devices: int = 4) -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes that together have the devices of this one, so that each device computes the same batches."""
    port, path = free_port(), os.pathsep.join([str(ROOT), *sys.path])
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.extract_together", *map(str, words)],
            env=environment(index, 2, port, devices) | {"PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.communicate()


def finish(running: list[subprocess.Popen[str]]) -> tuple[list[int], list[str], list[str]]:
    """Exit codes, standard outputs and standard errors."""
    outputs = [process.communicate(timeout=300) for process in running]
    return [process.returncode for process in running], [out for out, _ in outputs], [err for _, err in outputs]


def contents(folder: Path) -> dict[str, tuple[bytes, bytes, dict]]:
    """Features, seconds and settings of each file."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and HEARTBEATS not in path.parts)
    found = {str(path.relative_to(folder)): read_features(path) for path in files}
    return {
        name: (one.features.tobytes(), np.asarray(one.seconds).tobytes(), dict(one.settings))
        for name, one in found.items()
    }


def test_two_processes_write_what_one_does_and_continue_what_it_left(videos, encoder_model, tmp_path, capsys):
    (videos / "broken.mp4").write_bytes(b"no video")
    command = [str(videos), "--window", "1", "--batch-size", "8", *encoder_model]
    one, two = tmp_path / "one", tmp_path / "two"
    assert main(["features", *command, "--out", str(one)]) == 1
    capsys.readouterr()
    assert set(contents(one)) == {f"{name}.npz" for name in COUNTS}
    two.mkdir()
    left = two / "long.npz"
    left.write_bytes((one / "long.npz").read_bytes())
    written = left.stat().st_mtime_ns
    with processes(*command, "--out", two) as running:
        codes, outs, errs = finish(running)
    assert codes == [1, 1], errs
    assert outs[0] == f"features of 5 videos written to {two}, 1 was there, 1 could not be used\n" and not outs[1]
    assert "".join(errs).count("broken.mp4 cannot be opened") == 1
    assert contents(two) == contents(one)
    assert left.stat().st_mtime_ns == written


@pytest.mark.nightly
def test_a_killed_process_is_named_and_the_rest_is_completed(videos, encoder_model, tmp_path):
    command = [str(videos), "--window", "0.1", "--batch-size", "8", "--workers", "1", *encoder_model]
    one, two = tmp_path / "one", tmp_path / "two"
    assert main(["features", *command, "--out", str(one)]) == 0
    with processes(*command, "--out", two) as running:
        while not list(two.rglob("*.npz")):
            assert [process.poll() for process in running] == [None, None]
            time.sleep(0.01)
        running[1].send_signal(signal.SIGKILL)
        codes, _, errs = finish(running)
    assert codes == [3, -signal.SIGKILL], errs
    assert "process 1 (" in errs[0] and "has sent no heartbeat for 1 s" in errs[0]
    assert "repeat the command, it continues with the videos that have no file" in errs[0]
    kept = contents(two)
    assert 0 < len(kept) < len(COUNTS)
    with processes(*command, "--out", two) as running:
        codes, outs, errs = finish(running)
    assert codes == [0, 0], errs
    assert f"{len(COUNTS) - len(kept)} video" in outs[0]
    assert contents(two) == contents(one)


@pytest.mark.nightly
def test_an_error_of_one_process_ends_both_and_is_named(videos, encoder_model, tmp_path):
    """A file takes the place of a folder that the second process needs."""
    out = tmp_path / "features"
    out.mkdir()
    (out / "sub").write_text("")
    with processes(videos, "--out", out, "--window", "1", *encoder_model) as running:
        codes, _, errs = finish(running)
    assert sorted(codes) == [2, 3], errs
    assert all(f"cannot write to {out}/sub" in err for err in errs), errs
