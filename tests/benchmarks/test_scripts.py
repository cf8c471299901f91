"""The speed comparisons run from the command line at tiny sizes and print JSON."""

import json
import subprocess
import sys

import pytest

from tests.support.paths import BENCHMARKS

pytest.importorskip("torch")
pytest.importorskip("transformers")
FOLDER = BENCHMARKS


def run(script: str, *arguments: str) -> str:
    command = [sys.executable, FOLDER / script, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=550).stdout


@pytest.mark.nightly
def test_step_speed():
    result = json.loads(run("step_speed.py", "--tiny", "--repeats", "1", "--json"))
    assert [row["task"] for row in result["comparisons"]] == [
        "forward",
        "forward+backward",
        "generate",
        "answer",
        "product",
    ]
    assert all(row["ratio"] > 0 for row in result["comparisons"])
    assert all(mib > 0 for batch in result["memory"].values() for mib in batch.values())


@pytest.mark.nightly
def test_internvideo2_speed():
    """The script fails if features, losses or norms of gradients of the sides differ."""
    result = json.loads(run("internvideo2_speed.py", "--tiny", "--repeats", "1", "--json"))
    assert [row["task"] for row in result["comparisons"]] == ["encode", "pretrain", "finetune"]
    for row in result["comparisons"]:
        assert all(row[name] > 0 for name in ("ratio", "ours_step_mib", "torch_step_mib"))


@pytest.mark.nightly
def test_recommender_speed():
    """The script fails if losses, gradients or metrics of the sides differ."""
    result = json.loads(run("recommender_speed.py", "--tiny", "--repeats", "1", "--json"))
    assert [row["task"] for row in result["comparisons"]] == ["evaluation", "step", "epoch"]
    assert all(row["ratio"] > 0 for row in result["comparisons"])
    assert all(mib > 0 for mib in result["memory"].values())


@pytest.mark.nightly
def test_independent_turns():
    result = json.loads(run("independent_turns.py", "--tiny", "--repeats", "1", "--json"))
    assert result["gradient_difference"] <= 1e-5 and result["ratio"] > 0


@pytest.mark.nightly
def test_dropout_masks():
    result = json.loads(run("dropout_masks.py", "--tiny", "--repeats", "1", "--step-repeats", "1", "--json"))
    assert result["same_on_every_mesh"]["hashed"]
    assert all(seconds > 0 for name in ("dropout_seconds", "step_seconds") for seconds in result[name].values())


@pytest.mark.nightly
def test_port_memory(tmp_path):
    lines = run("port_memory.py", "--gb", "0.1", "--folder", str(tmp_path / "weights")).splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["shards", "orbax", "dictionary"]


@pytest.mark.nightly
def test_gpu_step():
    result = json.loads(run("gpu_step.py", "--tiny", "--repeats", "1", "--json"))
    assert [row["task"] for row in result["comparisons"]] == ["forward", "forward+backward", "generate", "prefill"]


def test_model_flops_follow_from_the_parameters():
    """Two operations per weight and token, plus attention."""
    from flops import llm_flops, llm_parameters
    from workload import MEDIUM

    length = 100
    adapters = 325_632  # as counted in the model, the head's 14,336 among them
    weights = llm_parameters(MEDIUM) - MEDIUM.llm_dim * MEDIUM.llm_vocab + adapters - 14_336
    attention = MEDIUM.llm_layers * length * MEDIUM.llm_dim
    assert llm_flops(MEDIUM, length, answer=0) == 2 * length * (weights + attention)
