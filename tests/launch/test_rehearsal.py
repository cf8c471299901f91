"""A rehearsal is a run: processes that train together, each line prefixed with the number of its process."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT
from timesuite_jax.mqsa_ted.data import SyntheticInteractionsSpec, make_interactions

CONFIG = f"{ROOT}/configs/mqsa_ted/beauty.py:short,no_ted,debug"  # little to compile


def rehearse(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "launch" / "rehearse_pod.py", CONFIG, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


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


def test_the_exit_code_of_a_mistake_is_the_processes(tmp_path: Path):
    done = rehearse("--workdir", str(tmp_path), "--config.model.widht=8")
    assert done.returncode == 2
    assert "[0] timesuite train: " in done.stdout and "did you mean 'width'?" in done.stdout


def test_no_processes_are_no_rehearsal(tmp_path: Path):
    done = rehearse("--workdir", str(tmp_path), "--processes", "0")
    assert done.returncode == 2 and "--processes 0 --devices 4: give at least 1 of each" in done.stderr
