"""Metrics equal those of upstream's evaluation scripts, on its example predictions and perturbed ones."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.paths import GOLDENS
from timesuite_jax.metrics import average_precision, grounding_scores, highlight_scores, hull_iou

COMMITTED = GOLDENS


@pytest.fixture
def family(goldens: Path) -> Path:
    folder = goldens / "videochat_t"
    if not folder.is_dir():
        pytest.skip(f"no family videochat_t under {goldens}")
    return folder


@pytest.fixture
def metrics(family: Path) -> dict:
    return json.loads((family / "metrics" / "metrics.json").read_text(encoding="utf-8"))


def text_of(family: Path, name: str) -> str:
    """Reads a file named in the goldens; files of upstream's repository are committed here, trimmed."""
    for folder in (family, COMMITTED / "videochat_t"):
        if (folder / name).is_file():
            return (folder / name).read_text(encoding="utf-8")
        if (folder / f"{name}.gz").is_file():
            return gzip.decompress((folder / f"{name}.gz").read_bytes()).decode()
    raise FileNotFoundError(f"{name} is neither in {family} nor in the committed goldens")


def test_grounding(family, metrics):
    cases = {name: case for name, case in metrics["tvg"].items() if isinstance(case, dict) and "pred" in case}
    assert cases
    for name, case in cases.items():
        truths = {str(a["id"]): a["timestamp"] for a in json.loads(text_of(family, case["gt"]))["annotations"]}
        answers = json.loads(text_of(family, case["pred"]))
        if "--sample" in case["flags"]:
            truths = {question: truths[question] for question in answers}
        spans = [(answers[question]["timestamp"] or [None])[0] for question in truths]
        scores = grounding_scores(spans, list(truths.values()))
        result = dict(case["result"])
        counts = result.pop("n")
        assert counts.endswith(f"# gt video timestamps {len(truths)}")
        for threshold, percent in result.items():
            hits = int(scores.hits(float(threshold)).sum())
            assert hits * 100 / len(truths) == percent, (name, threshold)
            assert scores.summary([float(threshold)])[f"r1_iou_{threshold}"] == pytest.approx(percent / 100, abs=1e-12)


def test_iou(metrics):
    pairs = metrics["tvg"]["iou_pairs"]
    a, b = (np.array([pair[side] for pair in pairs], np.float64) for side in "ab")
    np.testing.assert_array_equal(hull_iou(a, b), [pair["iou"] for pair in pairs])


def test_average_precision(metrics):
    cases = metrics["vhd"]["get_ap"]
    assert cases
    for case in cases:
        assert average_precision(np.array(case["y_true"]), np.array(case["y_score"])) == pytest.approx(
            case["ap"], abs=1e-12
        )


def test_highlights(family, metrics):
    cases = {name: case for name, case in metrics["vhd"].items() if isinstance(case, dict) and "pred" in case}
    assert cases
    for name, case in cases.items():
        truths = [json.loads(line) for line in text_of(family, case["gt"]).splitlines()]
        predictions = {p["qid"]: p["pred_saliency_scores"] for p in json.loads(text_of(family, case["pred"]))}
        scores = highlight_scores(predictions, truths)
        expected = {key: value for key, value in case["result"]["brief"].items() if key.startswith("HL-")}
        assert expected
        for key, percent in expected.items():
            assert float(f"{100 * scores[key]:.2f}") == percent, (name, key)
