"""JAX's native libraries start quietly, and without a search for TPUs where there are none."""

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from timesuite_jax.cli import _native_libraries
from timesuite_jax.cli._native_libraries import configure_native_libraries
from timesuite_jax.tpu_devices import has_tpu


@pytest.mark.parametrize(
    ("libtpu", "tpu", "plugins", "expected"),
    [
        (True, False, (), "cpu"),
        (True, True, (), None),  # a TPU is used
        (True, False, ("cuda",), None),  # so is a GPU
        (False, False, (), None),  # nothing to avoid
    ],
)
def test_an_unused_libtpu_is_not_loaded(monkeypatch, libtpu, tpu, plugins, expected):
    found = {"libtpu": libtpu, "jax_plugins": False}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if found[name] else None)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: plugins)
    monkeypatch.setattr(_native_libraries, "has_tpu", lambda: tpu)
    environ: dict[str, str] = {}
    configure_native_libraries(environ, "WARNING")
    assert environ.get("JAX_PLATFORMS") == expected


@pytest.mark.parametrize(("level", "expected"), [("WARNING", "3"), ("INFO", "0"), ("ERROR", "3"), ("12", "3")])
def test_native_logs_follow_ours(level, expected):
    environ = {"JAX_PLATFORMS": ""}
    configure_native_libraries(environ, level)
    assert environ == {"JAX_PLATFORMS": "", "TF_CPP_MIN_LOG_LEVEL": expected, "TPU_STDERR_LOG_LEVEL": expected}


def test_variables_of_the_user_are_kept():
    environ = {"JAX_PLATFORMS": "tpu", "TF_CPP_MIN_LOG_LEVEL": "1", "TPU_STDERR_LOG_LEVEL": "2"}
    before = dict(environ)
    configure_native_libraries(environ, "WARNING")
    assert environ == before


@pytest.mark.parametrize(
    ("files", "expected"), [(["null"], False), (["accel0"], True), (["vfio/vfio"], False), (["vfio/0", "vfio/1"], True)]
)
def test_tpus_are_found_by_their_device_files(tmp_path: Path, files, expected):
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    assert has_tpu(tmp_path) == expected


def test_only_python_prints_to_stdout():
    code = (
        "import os, subprocess, sys\n"
        "from timesuite_jax.cli._native_libraries import hide_native_output\n"
        "print('before')\n"
        "hide_native_output()\n"
        "os.write(1, b'[Gloo] Rank 0 is connected to 1 peer ranks.\\n')\n"
        "print('\\u00e9 after')\n"
        "print('progress', file=sys.stderr)\n"
    )
    environ = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environ, timeout=60)
    assert (done.stdout.decode(), done.stderr) == ("before\n\u00e9 after\n", b"progress\n")
