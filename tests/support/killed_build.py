"""Builds that SIGKILL ends at their last step, when the info file is written and the state not yet removed."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

_PROGRAM = """import os, signal, sys
import timesuite_jax.data.corpora.build as build
from timesuite_jax.cli.main import main

def die(folder):
    if {removed!r}:
        (folder / "unfinished" / {removed!r}).unlink()
    os.kill(os.getpid(), signal.SIGKILL)

build.finish_build = die
main(sys.argv[1:])
"""


def kill_at_the_end(words: list[str], out: Path, removed: str = "") -> None:
    """Runs a command that builds the corpus `out`, in a process that is killed.

    Args:
      words: of the command.
      out: folder of the corpus.
      removed: file of the state to remove before.
    """
    command = [sys.executable, "-c", _PROGRAM.format(removed=removed), *words]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (out / "dataset_info.json").exists() and (out / "unfinished").exists()
