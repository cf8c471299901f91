"""The table of results is made run by run, and finished runs are skipped."""

import json
import subprocess
import sys

import pytest

from tests.support import ring_interactions
from tests.support.paths import BENCHMARKS

SCRIPT = BENCHMARKS / "recommender_results.py"


def run(*words: str) -> list[str]:
    done = subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("| Beauty")]


@pytest.mark.nightly
def test_finished_runs_are_skipped(tmp_path):
    ring_interactions.ring().save(tmp_path / "beauty.npz")
    words = ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--sets", "beauty", "--seeds", "1"]
    words += ["--variant", "debug", "--config.training.total_steps=4", "--config.training.eval_every=2"]  # two epochs
    assert len(run(*words, "--methods", "full")) == 1
    (file,) = (tmp_path / "out").glob("*/result.json")
    written, result = file.stat().st_mtime, json.loads(file.read_text())
    lines = run(*words, "--methods", "full", "sasrec_all")
    assert file.stat().st_mtime == written
    assert [line.split(" | ")[1] for line in lines] == ["full method", "SASRec, all items"]
    assert result["selected_epoch"] in (1, 2) and result["epochs"] == 2 and result["seconds"] > 0
    assert f"{result['test/ndcg_20']:.4f}".removeprefix("0") in lines[0]
    assert run("--out", str(tmp_path / "out"), "--table") == lines
