"""The port of upstream's answer parsers: results, exceptions and debugger stops."""

import dataclasses
import gzip
import json
from pathlib import Path

import pytest

from tests.support.paths import CASES
from timesuite_jax.text.upstream_answers import (
    Outcome,
    upstream_captions,
    upstream_grounding,
    upstream_highlight_rewrite,
    upstream_highlight_scores,
    upstream_highlights,
)


@pytest.fixture
def cases(goldens: Path) -> dict:
    if not (goldens / "videochat_t").is_dir():
        pytest.skip(f"no family videochat_t under {goldens}")
    return json.loads((goldens / "videochat_t" / "answer_parsing.json").read_text(encoding="utf-8"))


def check(outcome: Outcome, golden: dict):
    assert outcome.error == golden.get("error", "")
    assert outcome.debugger == golden.get("hit_pdb_set_trace", False)
    # Converted through JSON, as the goldens, which turns tuples into lists.
    assert json.loads(json.dumps(outcome.value)) == golden.get("out")


def test_grounding(cases):
    assert cases["tvg"]
    for case in cases["tvg"]:
        check(upstream_grounding(case["text"]), case)


def test_highlights(cases):
    assert cases["vhd"]
    for case in cases["vhd"]:
        check(upstream_highlights(case["text"]), case["parse"])
        check(upstream_highlight_scores(case["text"], case["duration"]), case["format"])


def test_highlight_rewrites(cases):
    assert cases["vhd_postprocess"]
    for case in cases["vhd_postprocess"]:
        check(upstream_highlight_rewrite(case["text"]), case)


def test_captions(cases):
    assert cases["dvc"]
    for case in cases["dvc"]:
        check(upstream_captions(case["text"]), case)


def test_random_answers():
    """250 random answers in upstream's formats, and what its parsers make of them, of videos of 37.7 seconds."""
    cases = json.loads(gzip.decompress((CASES / "answers/upstream_parsers.json.gz").read_bytes()))
    assert len(cases) > 100
    for case in cases:
        text = case["text"]
        outcomes = {
            "tvg": upstream_grounding(text),
            "vhd": upstream_highlights(text),
            "vhd_scores_37.7": upstream_highlight_scores(text, 37.7),
            "vhd_post": upstream_highlight_rewrite(text),
            "dvc": upstream_captions(text),
        }
        for name, outcome in outcomes.items():
            assert json.loads(json.dumps(dataclasses.asdict(outcome))) == case[name], (name, text)
