"""Descriptions of an answer's spans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.text import parse_spans, span_captions


@pytest.mark.parametrize(
    ("answer", "captions"),
    [
        (
            "90.0 - 102.0 seconds, spread margarine on bread.  114.0 - 127.0 seconds, add cheese.",
            ["spread margarine on bread.", "add cheese."],
        ),
        ("From 3 to 5 seconds: open. Then close.\nFrom 7 s to 9 s: bake", ["open. Then close.", "bake"]),
        ("The given query happens between 35 - 49 seconds. A man opens the door.", ["A man opens the door."]),
        ("1. 0:05 - 0:10 - mix the dough\n2. 0:10 - 1:20 - bake", ["mix the dough", "bake"]),
        ("The given query happens in 0.0 - 6.9 seconds.", [""]),
        ("At 1.5 - 2.5 seconds and 4.0 - 5.0 seconds.", ["", ""]),
        ("It never happens.", []),
    ],
)
def test_captions(answer, captions):
    assert span_captions(answer, parse_spans(answer)) == captions


@given(st.text(alphabet="0123456789.:- secondsandto,\n", max_size=80))
def test_there_is_one_caption_a_span(answer):
    spans = parse_spans(answer, duration=100.0)
    assert len(span_captions(answer, spans, duration=100.0)) == len(spans)


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 50), st.sampled_from(["open the oven.", "Mix it well!", "bake"])),
        min_size=1,
        max_size=6,
    )
)
def test_dense_captions_are_recovered(events):
    """In the form of the original's data: "start - end seconds, caption", two spaces between events."""
    spans, start = [], 0.0
    for gap, length, caption in events:
        spans.append((start + gap / 10, start + gap / 10 + length / 10, caption))
        start = spans[-1][1]
    answer = "  ".join(f"{a:.1f} - {b:.1f} seconds, {caption}" for a, b, caption in spans)
    parsed = parse_spans(answer)
    if len(parsed) == len(spans):  # equal spans are parsed once
        assert span_captions(answer, parsed) == [caption for *_, caption in spans]
