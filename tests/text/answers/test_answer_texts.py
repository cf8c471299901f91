"""Answers in many notations, phrasings and languages, and texts whose numbers are no spans."""

import json

import pytest

from tests.support.paths import CASES
from timesuite_jax.text import parse_spans

DURATION = 20.0  # of the video that the answers are about
KINDS = json.loads((CASES / "answers" / "spans.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", KINDS)
def test_answers(kind):
    expected = {text: [pytest.approx(span, rel=1e-12) for span in spans] for text, spans in KINDS[kind].items()}
    assert {text: parse_spans(text, duration=DURATION) for text in expected} == expected


def test_the_end_of_a_video_of_unknown_length_is_no_time():
    texts = [text for text, spans in KINDS["boundaries of the video"].items() if spans[0][1] == DURATION]
    assert len(texts) > 10
    assert [parse_spans(text) for text in texts] == [[]] * len(texts)
