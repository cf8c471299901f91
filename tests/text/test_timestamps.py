"""Parsing of time spans in answers: recognised phrasings, ignored numbers, robustness and linear cost."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.paths import GOLDENS
from timesuite_jax.text import TimeSpan, format_span, parse_spans
from timesuite_jax.text.prompts import DENSE_CAPTION, grounding_question, highlight_question

SPANS = {
    "From 13.5 to 24.9 seconds.": [(13.5, 24.9)],
    "10.0 - 15.0 seconds": [(10, 15)],
    "10.2\N{EN DASH}15.0": [(10.2, 15)],
    "3 \N{EM DASH} 4s": [(3, 4)],
    "between 3 and 7 seconds": [(3, 7)],
    "It starts at 3.2 seconds and ends at 8.1 seconds.": [(3.2, 8.1)],
    "The start time for this event is 0 seconds, and the end time is 12 seconds.": [(0, 12)],
    "**Start time**: 0.8 seconds\n**End time**: 1.1 seconds": [(0.8, 1.1)],
    "The start and end times are 3.2 and 8.1 seconds.": [(3.2, 8.1)],
    "Ends at 9\nstarts at 3": [(3, 9)],
    "It begins at 3 seconds and lasts 5 seconds.": [(3, 8)],
    "It begins at 3 seconds and lasts until 5.": [(3, 5)],
    "It happens at 5 seconds and ends at 8.": [(5, 8)],
    "from 1:05 to 1:20": [(65, 80)],
    "starts at 00:00:18 and ends at 00:00:23.5": [(18, 23.5)],
    "1:00:00 - 1:00:10": [(3600, 3610)],
    "2 to 3 minutes": [(120, 180)],
    "1 minute 20 seconds to 1 minute and 40 seconds": [(80, 100)],
    "1m20s - 1m40s": [(80, 100)],
    "[3.2, 8.1]": [(3.2, 8.1)],
    '{"start": 3.2, "end": 8.1}': [(3.2, 8.1)],
    "from about 3 to roughly the 7 second mark": [(3, 7)],
    "1 - 2, 3 - 4 and 10 - 12 seconds": [(1, 2), (3, 4), (10, 12)],
    "start 3 end 9? start 10 end 12": [(3, 9), (10, 12)],
    "1. 0 - 12 seconds, a man talks.\n2. 12 - 33.5 seconds, he cooks.": [(0, 12), (12, 33.5)],
    "happens in 1,000 - 2,000 seconds": [(1000, 2000)],
    "30.0 - 2.0": [(2, 30)],
    "12. - 15. seconds": [(12, 15)],
    "3 - 4 s, and again 3 - 4 s": [(3, 4)],
    "Person 1 - 2 walks; happens in 12.0 - 18.0 seconds.": [(12, 18)],
    "5 - 10": [(5, 10)],
    "For example, 3 - 4 seconds. It is 7 - 8 seconds.": [(7, 8)],
}
NO_SPANS = [
    "",
    "I don't know.",
    "2024-05-10",
    "on 10/5/2024 and 1.2.2003",
    "frames 10 to 20",
    "10 - 20 frames",
    "between 3 and 7 people",
    "the 2nd - the 3rd",
    "at 10:30 am",
    "At 5 seconds.",
    "It happens at 5 seconds. The video ends at 30 seconds.",
    "The person moves to 3 tables.",
    "clip2 - clip3",
    "9" * 400 + " - 3",
]


@pytest.mark.parametrize(("text", "spans"), SPANS.items(), ids=SPANS)
def test_spans_are_parsed(text, spans):
    assert parse_spans(text) == [pytest.approx(span) for span in spans]


@pytest.mark.parametrize("text", NO_SPANS)
def test_texts_without_spans(text):
    assert parse_spans(text) == []


def test_single_times_are_returned_with_points():
    assert parse_spans("2.7 seconds, Intro.  8.5 seconds, Ingredients. At 9 it ends.", points=True) == [
        (2.7, 2.7), (8.5, 8.5), (9, 9),
    ]  # fmt: skip
    assert parse_spans("at 3.2 seconds, from 4 to 5 seconds", points=True) == [(4, 5)]
    assert parse_spans("two of 3 people", points=True) == []


@pytest.mark.parametrize(
    "prompt",
    [grounding_question("person turn a light on."), DENSE_CAPTION, "A specific example is : 20.8 - 30.0 seconds."],
)
def test_repeated_examples_of_the_prompt_are_ignored(prompt):
    assert parse_spans(prompt) == []
    assert parse_spans(f"{prompt} The event happens in 3.0 - 4.0 seconds.") == [(3, 4)]


def test_prompts_contain_query_and_dataset():
    assert "sentence: person runs. Please" in grounding_question("person runs.")
    assert "from the qvhighlights dataset" in highlight_question("a dog")


def test_training_answers_are_parsed():
    """Covers every grounding answer of upstream's training conversations in the goldens."""
    folder = GOLDENS / "videochat_t"
    records = json.loads((folder / "conversations.json").read_text(encoding="utf-8"))["records"]
    answers = [turn["a"] for record in records for turn in record["record"]["QA"] if "happens in" in turn["a"]]
    assert len(answers) > 3
    for answer in answers:
        start, end = answer.removeprefix("The given query happens in ").removesuffix(" seconds.").split(" - ")
        assert parse_spans(answer) == [(float(start), float(end))]


tenths = st.integers(0, 99_999).map(lambda n: n / 10)


@given(tenths, tenths, st.sampled_from([
    "{}", "The event happens in {}.", "The given query happens in {}.", "I think {}, yes.", "({})", "2 people: {}",
]))  # fmt: skip
def test_formatted_spans_are_parsed(a, b, around):
    assert parse_spans(around.format(format_span((a, b)))) == [TimeSpan(min(a, b), max(a, b))]


@given(tenths, tenths, st.sampled_from([
    "From {} to {} seconds.", "between {} and {} seconds", "It starts at {}s and ends at {}s.", "[{}, {}]",
    "Start time: {}\nEnd time: {}", "from {} until {} sec", "{}s\N{EN DASH}{}s",
]))  # fmt: skip
def test_phrasings_are_parsed(a, b, phrase):
    assert parse_spans(phrase.format(a, b)) == [TimeSpan(min(a, b), max(a, b))]


@given(st.integers(0, 35_999), st.integers(0, 35_999))
def test_clock_times_are_parsed(a, b):
    def clock(seconds: int) -> str:
        minutes, rest = divmod(seconds, 60)
        return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"

    assert parse_spans(f"from {clock(a)} to {clock(b)}") == [TimeSpan(min(a, b), max(a, b))]


fragments = st.lists(st.sampled_from([
    "1", "2.5", "1,000", ":", "-", "to", "and", "from", "between", "starts", "ends", "lasts", "[", "]", ",", ".", "\n",
    " ", "minutes", "s", "th", "/", "%", "example", "1:20", "9" * 320, "until", "at", "İ", "٣",
]))  # fmt: skip


@given(st.one_of(st.text(), fragments.map("".join), fragments.map(" ".join)), st.booleans())
@settings(max_examples=200)
def test_arbitrary_text_yields_valid_spans(text, points):
    for span in parse_spans(text, points=points):
        assert 0 <= span.start <= span.end < float("inf")


@pytest.mark.parametrize("unit", [
    "1 ", "1-", "9", "1,000", "start ", "starts at 1 ", "1:20:", "a", "1.", "1 - ", "[1, ", "1 minute ", "- ", ". ",
    "from 1 to 2 and ", "2024-", "1st", "1   -",
])  # fmt: skip
def test_parsing_is_linear_in_the_length(unit):
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        times = []
        for _ in range(3):
            begin = time.process_time()
            parse_spans(text)
            times.append(time.process_time() - begin)
        return min(times)

    # The text is 16 times as long: a quadratic parser would take 256 times as long.
    assert seconds(32_000) < 80 * seconds(2_000) + 0.02
