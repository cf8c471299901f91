"""A rehearsal is a run: processes that train together, each line prefixed with the number of its process."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from timesuite_jax.mqsa_ted.data import SyntheticInteractionsSpec, make_interactions

CONFIG = f"{ROOT}/configs/mqsa_ted/beauty.py:short,no_ted,debug"  # little to compile


def shell() -> dict[str, str]:
    """The variables of a shell; importing JAX sets one, which this process would pass on."""
    return {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}


def rehearse(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "launch" / "rehearse_pod.py", CONFIG, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=shell())


def test_two_processes_train_one_model(tmp_path: Path):
    make_interactions(SyntheticInteractionsSpec(num_users=64, num_items=32)).save(tmp_path / "log.npz")
    workdir = tmp_path / "run"
    words = [f"--config.data.path={tmp_path / 'log.npz'}", "--config.training.best=", "--config.training.eval_every=0"]
    done = rehearse("--workdir", str(workdir), "--processes", "2", "--devices", "1", *words)
    assert done.returncode == 0, done.stdout
    for index in (0, 1):
        assert f"[{index}] step 4 of 4, saved in {workdir}" in done.stdout
        assert json.loads((workdir / "processes" / f"{index}.json").read_text())["ended"]
    assert {path.name for path in (workdir / "checkpoints").iterdir()} == {"4"}
    assert "[Gloo]" not in done.stdout and "[SPMD]" not in done.stdout


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_the_rehearsal_of_the_page_works_as_pasted(tmp_path: Path):
    page = (ROOT / "docs/pods.md").read_text(encoding="utf-8")
    block = page.split("## 4. Rehearse")[1].split("```")[1]
    for folder in ("configs", "launch"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["bash", "-euc", block]
    done = subprocess.run(command, cwd=tmp_path, env={**shell(), **path}, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    assert {"[0] step 20 of 20, saved in runs/rehearsal", "[1] step 20 of 20, saved in runs/rehearsal"} <= set(lines)
    foreign = [line for line in lines if not re.match(r"\[[01]\] (step |    )", line)]
    assert not foreign, "no output of native libraries"


def test_the_exit_code_of_a_mistake_is_the_processes(tmp_path: Path):
    done = rehearse("--workdir", str(tmp_path), "--config.model.widht=8")
    assert done.returncode == 2
    assert "[0] timesuite train: " in done.stdout and "did you mean 'width'?" in done.stdout


def test_no_processes_are_no_rehearsal(tmp_path: Path):
    done = rehearse("--workdir", str(tmp_path), "--processes", "0")
    assert done.returncode == 2 and "--processes 0 --devices 4: give at least 1 of each" in done.stderr
