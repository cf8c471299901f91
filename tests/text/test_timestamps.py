"""Properties of the parser of answers: notations within phrases, robustness, linear cost; prompts, training answers."""

import json
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.paths import GOLDENS
from timesuite_jax.text import TimeSpan, format_span, parse_spans
from timesuite_jax.text.prompts import DENSE_CAPTION, grounding_question, highlight_question


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


def clock(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def words(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} minutes {rest} seconds"


# How an integer number of seconds is written, so that the notation alone identifies a time.
TIMES = {
    "5.0": lambda n: f"{n}.0",
    "5s": lambda n: f"{n}s",
    "5 sec.": lambda n: f"{n} sec.",
    "5.00 seconds": lambda n: f"{n}.00 seconds",
    "<5 seconds>": lambda n: f"<{n} seconds>",
    "**5 s**": lambda n: f"**{n} s**",
    "0:05": clock,
    "00:00:05": lambda n: f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}",
    "00:00:05.000": lambda n: f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.000",
    "00:00:05,000": lambda n: f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02},000",
    "0:05s": lambda n: f"{clock(n)}s",
    "[0:05]": lambda n: f"[{clock(n)}]",
    "0'05\"": lambda n: f"{n // 60}'{n % 60:02}\"",
    "0m5s": lambda n: f"{n // 60}m{n % 60}s",
    "0 minutes 5 seconds": words,
    "5-second mark": lambda n: f"{n}-second mark",
    "5000 ms": lambda n: f"{n}000 ms",
    "t=5s": lambda n: f"t={n}s",
    "5\u79d2": lambda n: f"{n}\u79d2",
    "5 Sekunden": lambda n: f"{n} Sekunden",
}
PHRASES = [
    "{} - {}", "{}-{}", "{}\u2013{}", "{} ~ {}", "{} to {}", "From {} to {}.", "from {} until {}", "between {} and {}",
    "{} --> {}", "{} \u2192 {} he opens it", "It starts at {} and ends at {}.", "Start: {}\nEnd: {}", "[{}, {}]",
    '{{"start": "{}", "end": "{}"}}', "starts at {} and lasts until {}", "The start and end times are {} and {}.",
    "Onset: {}, offset: {}", "| start | end |\n|---|---|\n| {} | {} |", "<think>1.0 - 2.0 s</think> {} to {}",
    "start,end,what\n{},{},walks", "1. {} - {}, he walks.", "* {} \u2014 {}", "({} - {})", "{} (start), {} (end)",
    "von {} bis {}", "de {} \u00e0 {}", "\u4ece{}\u5230{}", "Thinking: 1.0 to 2.0 s. Answer: {} to {}",
    "from {}, when he enters, to {}",
]  # fmt: skip


@pytest.mark.parametrize("phrase", PHRASES)
@given(st.integers(0, 5999), st.integers(0, 5999), st.data())
@settings(max_examples=60)
def test_every_notation_is_read_in_every_phrase(phrase, a, b, data):
    notation = data.draw(st.sampled_from(sorted(TIMES)))
    if "\n{},{}" in phrase and "," in notation:
        notation = "5.0"
    a, b = min(a, b), max(a, b)
    decades = notation == "5s" and all(1900 <= n < 2100 and n % 10 == 0 for n in (a, b))
    assume(not decades)  # "1950s to 1960s"
    written = phrase.format(TIMES[notation](a), TIMES[notation](b))
    assert parse_spans(written) == [pytest.approx(TimeSpan(a, b))], written


@pytest.mark.parametrize("first", ["5.0", "5s", "0:05", "5 sec."])
@pytest.mark.parametrize("second", ["12s", "0:12", "12.0 s"])
def test_notations_may_be_mixed(first, second):
    assert parse_spans(f"from {first} to {second}") == [(5, 12)]


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
def test_reversed_times_are_put_in_order(a, b, phrase):
    assert parse_spans(phrase.format(a, b)) == [TimeSpan(min(a, b), max(a, b))]


@given(
    st.lists(st.tuples(tenths, tenths), min_size=1, max_size=5), st.sampled_from([", ", "; ", "\n- ", " and ", ". "])
)
def test_all_spans_of_a_list_are_parsed(pairs, separator):
    spans = [TimeSpan(min(pair), max(pair)) for pair in pairs]
    assert parse_spans(separator.join(map(format_span, spans))) == list(dict.fromkeys(spans))


@given(st.integers(0, 10**6), st.sampled_from([
    "{} people", "frame {}", "{}%", "${}", "{} fps", "{}th", "a{}", "{}p", "2024-05-{}",
    "{}/{}", "{}x{}", "version {}.{}.{}",
]), st.sampled_from(["-", " to ", " \u2013 ", " until "]))  # fmt: skip
def test_numbers_that_are_not_times_are_not_read(n, notation, separator):
    other = notation.format(n, n, n)
    assert parse_spans(f"from {other}{separator}{other}") == []


fragments = st.lists(st.sampled_from([
    "1", "2.5", "1,000", ":", "-", "to", "and", "from", "between", "starts", "ends", "lasts", "[", "]", ",", ".", "\n",
    " ", "minutes", "s", "th", "/", "%", "example", "1:20", "9" * 320, "until", "at", "\u0130", "\u0663", "<think>",
    "</think>", "<answer>", "</answer>", "answer:", "|", "start", "end", "| start | end |\n", "\u79d2", "\u5230", "'",
    '"', "\u2192", "five", "the beginning of the video", "the end", "for", "-5", "00:00:05:12", "25 fps", "&gt;",
    "score", "not", "first",
]))  # fmt: skip


@given(st.one_of(st.text(), fragments.map("".join), fragments.map(" ".join)), st.sampled_from([None, 0.0, 20.0]))
@settings(max_examples=400)
def test_arbitrary_text_yields_valid_spans(text, duration):
    for span in parse_spans(text, duration=duration):
        assert 0 <= span.start <= span.end < float("inf")


@given(fragments.map(" ".join), tenths, tenths)
def test_a_tagged_answer_does_not_depend_on_what_precedes_it(thinking, a, b):
    thinking = thinking.replace("<answer>", "").replace("</answer>", "")
    answer = format_span((a, b))
    assert parse_spans(f"<think>{thinking}</think><answer>{answer}</answer>") == parse_spans(answer)


@pytest.mark.parametrize("unit", [
    "1 ", "1-", "9", "1,000", "start ", "starts at 1 ", "1:20:", "a", "1.", "1 - ", "[1, ", "1 minute ", "- ", ". ",
    "from 1 to 2 and ", "2024-", "1st", "1   -", "<think>", "</think>", "<answer>", "answer: ", "answer:5 ", "->",
    "<a>", "\u79d2", "five ", "5' - ", "| start | end |\n", "start,end\n", "\n", "start: [1, 2, ", "frame 1 - ",
    "score 3.0 ", "((1",
])  # fmt: skip
def test_parsing_is_linear_in_the_length(unit):
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        times = []
        for _ in range(2):
            begin = time.process_time()
            parse_spans(text)
            times.append(time.process_time() - begin)
        return min(times)

    # The text is 16 times as long: a quadratic parser would take 256 times as long.
    assert seconds(8_000) < 80 * seconds(500) + 0.02
