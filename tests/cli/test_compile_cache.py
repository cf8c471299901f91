"""The compilation cache: its folder, the user's settings, and reuse by the next command."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ring_interactions
from tests.support.paths import TINY_CONFIG
from tests.support.xla_flags import QUICK_COMPILATION
from timesuite_jax.cli._compile_cache import use_compile_cache


def test_the_default_is_in_the_home_directory(tmp_path):
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    use_compile_cache(environ)
    folder = tmp_path / "timesuite" / "compiled"
    assert environ["JAX_COMPILATION_CACHE_DIR"] == str(folder)
    assert int(environ["JAX_COMPILATION_CACHE_MAX_SIZE"]) == 2**30
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("given", ["gs://bucket/compiled", ""])
def test_variables_of_the_user_are_kept(given, tmp_path):
    environ = {
        "XDG_CACHE_HOME": str(tmp_path),
        "JAX_COMPILATION_CACHE_DIR": given,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "3",
    }
    before = dict(environ)
    use_compile_cache(environ)
    assert environ == before
    assert not any(tmp_path.iterdir())


def test_a_read_only_home_directory_is_accepted(tmp_path):
    (tmp_path / "file").write_text("")
    environ = {"XDG_CACHE_HOME": str(tmp_path / "file")}
    use_compile_cache(environ)
    assert "JAX_COMPILATION_CACHE_DIR" not in environ


def interactions(folder: Path) -> list[str]:
    """Makes interactions; returns the options that train a recommender on them."""
    ring_interactions.ring().save(folder / "ring.npz")
    return [f"{ring_interactions.CONFIG}:debug", f"--config.data.path={folder}/ring.npz"]


@pytest.mark.nightly
@pytest.mark.parametrize("task", ["videochat_t", "mqsa_ted"])
def test_the_same_command_compiles_once(task, tiny_corpus, tmp_path):
    own = [f"{TINY_CONFIG}:{tiny_corpus}"] if task == "videochat_t" else interactions(tmp_path)
    ours = ("JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS")
    environ = {name: value for name, value in os.environ.items() if name not in ours}
    environ |= {"XLA_FLAGS": QUICK_COMPILATION, "XDG_CACHE_HOME": str(tmp_path)}
    # Every program, however fast it compiles: which ones exceed a threshold depends on the load of the machine.
    environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    programs = []
    for run, seed in (("first", "1"), ("second", "2")):  # the order of a set must not reach a program
        words = ["train", *own, "--config.training.total_steps=2", "--workdir", str(tmp_path / run)]
        command = [sys.executable, "-W", "error::UserWarning", "-m", "timesuite_jax.cli.main", *words]
        done = subprocess.run(
            command, env={**environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, timeout=500
        )
        assert done.returncode == 0, done.stderr
        programs.append({file.name for file in (tmp_path / "timesuite" / "compiled").glob("*-cache")})
    assert any(name.startswith("jit_step-") for name in programs[0])
    assert programs[0] == programs[1]
