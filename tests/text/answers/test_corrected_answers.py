"""Spans that an answer takes back, denies or does not choose are not read, in whatever notation they are written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timesuite_jax.text import parse_spans

# Before 1900 s: "1950s-1960s" are decades.
spans = st.tuples(st.integers(1, 1399), st.integers(1, 500)).map(lambda pair: (pair[0], pair[0] + pair[1]))
written = st.sampled_from([
    "{}-{} s", "{} - {} seconds", "{}.0 to {}.0 s", "from {} s to {} s", "between {} and {} seconds",
    "it starts at {} s and ends at {} s", "[{}.0, {}.0]", "von {} bis {} Sekunden", "de {} à {} secondes",
])  # fmt: skip
ranges = st.sampled_from(["{}-{} s", "{} to {} seconds", "{}.0 - {}.0 s", "{} s to {} s", "{}s \N{EN DASH} {}s"])
CORRECTIONS = [
    "{}? No, {}", "{}. Correction: {}", "{}, sorry, I meant {}", "{}. Wait, no: {}", "{}, or rather {}",
    "{}. Actually, {}", "{}; scratch that, {}", "{}. My mistake, {}", "{}. That's wrong. {}", "{}\nCorrection: {}",
    "{}. Nein, {}", "{}. Non, {}", "{}. Corrección: {}", "{}. Нет, {}", "{}. 更正: {}", "{}。いいえ、{}", "~~{}~~ {}",
    "Answer: {}. Corrected answer: {}",
]  # fmt: skip
NO_SPANS = [
    "every {}", "outside {}", "except {}", "{} before the end", "from {} before the end of the video", "not {}",
    "nicht {}", "{} away", "{} apart", "{} later", "a delay of {}", "{} is wrong", "never visible in the video {}",
    "кроме {}", "{} is it? No.", "{}ではない", "除了{}", "{} nicht sichtbar",
]  # fmt: skip
OPTIONS = [
    "A: {} B: {} The answer is {}", "(A) {} (B) {}. The answer is ({}).", "A. {}\nB. {}\n\nAnswer: {}",
    "A) {}\nB) {}\n{} is correct.", "Option A: {}. Option B: {}. I choose option {}.",
    "A: {}\nB: {}\n<answer>{}</answer>",
]  # fmt: skip


@pytest.mark.parametrize("correction", CORRECTIONS)
@given(spans, spans, written, written)
@settings(max_examples=30)
def test_the_corrected_span_is_read(correction, first, second, one, other):
    text = correction.format(one.format(*first), other.format(*second))
    assert parse_spans(text) == [second], text


@pytest.mark.parametrize("phrase", NO_SPANS)
@given(spans, ranges)
@settings(max_examples=20)
def test_what_is_no_position_is_not_read(phrase, span, notation):
    text = phrase.format(notation.format(*span))
    assert parse_spans(text, duration=10_000.0) == [], text


@pytest.mark.parametrize("phrase", OPTIONS)
@given(spans, spans, ranges, st.sampled_from("AB"))
@settings(max_examples=30)
def test_the_chosen_option_is_read(phrase, first, second, notation, choice):
    text = phrase.format(notation.format(*first), notation.format(*second), choice)
    assert parse_spans(text) == [first if choice == "A" else second], text


@given(spans, spans, ranges)
def test_a_correction_on_a_line_leaves_the_other_lines(first, second, notation):
    one, other = notation.format(*first), notation.format(*second)
    assert parse_spans(f"1. {one}\n2. 1-2 s, no, {other}") == list(dict.fromkeys([first, second]))
