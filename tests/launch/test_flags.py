"""Every flag has a reason, and the compilers that are installed know it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import performance_flags
import pytest
from performance_flags import GENERATIONS, GPU, line, tpu_flags

ASK_LIBTPU = """
import jax
from jax.experimental import topologies
topologies.get_topology_desc(platform="tpu", topology_name="v5e:2x2")
"""


def test_every_flag_has_a_reason():
    flags = [flag for generation in GENERATIONS for flag in tpu_flags(generation, 2)] + list(GPU)
    assert all(len(flag.why) > 20 for flag in flags)
    assert all(len({flag.name for flag in tpu_flags(name, 2)}) == len(tpu_flags(name, 2)) for name in GENERATIONS)
    assert len(tpu_flags("v5e")) < len(tpu_flags("v5e", 2))


def ask(code, **variables):
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **variables}, capture_output=True, text=True, timeout=300
    )


def test_xla_knows_the_gpu_flags():
    """XLA reads all flags on any machine, and ends the process at one that it does not know."""
    code = "import jax; jax.devices()"
    assert ask(code, XLA_FLAGS=line(GPU)).returncode == 0
    assert ask(code, XLA_FLAGS="--xla_gpu_no_such_flag=true").returncode != 0


@pytest.mark.skipif(importlib.util.find_spec("libtpu") is None, reason="libtpu is not installed")
@pytest.mark.parametrize("generation", GENERATIONS)
def test_libtpu_knows_the_tpu_flags(generation):
    """It needs no TPU to read them."""
    alone = {"ALLOW_MULTIPLE_LIBTPU_LOAD": "1", "TPU_SKIP_MDS_QUERY": "1"}
    assert ask(ASK_LIBTPU, **alone, LIBTPU_INIT_ARGS=line(tpu_flags(generation, 2))).returncode == 0


def test_the_script_prints_the_line():
    command = [sys.executable, Path(performance_flags.__file__), "v5p", "--slices", "2"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == line(tpu_flags("v5p", 2)) + "\n"
