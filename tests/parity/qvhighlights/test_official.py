"""Moment retrieval and highlight detection equal QVHighlights' official evaluation, in every number that it prints."""

import gzip
import json
from pathlib import Path

import pytest

from tests.support.paths import GOLDENS
from timesuite_jax.evaluation.file_scores import ScoreRequest, score_files

PRINTED = 0.005 + 1e-9  # percent: half a unit of the two decimals that it prints


@pytest.fixture(scope="module")
def official() -> dict:
    return json.loads(gzip.decompress((GOLDENS / "qvhighlights" / "official.json.gz").read_bytes()))


@pytest.fixture
def request_(official, tmp_path: Path) -> ScoreRequest:
    paths = tmp_path / "submission.jsonl", tmp_path / "truth.jsonl"
    for path, rows in zip(paths, (official["submission"], official["truth"]), strict=True):
        path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return ScoreRequest(*paths)


def test_moment_retrieval(official, request_):
    found = score_files("mr", request_).as_json()["all_thresholds"]
    compared = 0
    for name in ("full", "short", "middle", "long"):
        for kind, values in official["metrics"][name].items():
            for threshold, percent in values.items():
                metric = f"MR-{name}-{kind[3:]}" + ("" if threshold == "average" else f"@{threshold}")
                assert 100 * found[metric] == pytest.approx(percent, abs=PRINTED), metric
                compared += 1
    assert compared == 4 * (11 + 10)


def test_highlight_detection(official, request_):
    metrics = score_files("vhd", request_).metrics()
    for level in ("Fair", "Good", "VeryGood"):
        for name in ("mAP", "Hit1"):
            percent = official["metrics"][f"HL-min-{level}"][f"HL-{name}"]
            assert 100 * metrics[f"HL-min-{level}-{name}"] == pytest.approx(percent, abs=PRINTED), (level, name)


def test_brief_metrics_have_intervals(official, request_):
    result = score_files("mr", request_)
    for name, percent in official["metrics"]["brief"].items():
        if name.startswith("MR"):
            assert 100 * result.metrics()[name] == pytest.approx(percent, abs=PRINTED), name
            assert result.scores.intervals()[name].low <= result.metrics()[name] <= result.scores.intervals()[name].high
