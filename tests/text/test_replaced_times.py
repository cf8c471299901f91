"""Times of spans in answers of any wording are replaced; other numbers stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.text import TimeSpan, format_span, located_spans, parse_spans, replace_times, replaced_times


def cut(text, end=6.0):
    return replace_times(text, lambda span: TimeSpan(min(span.start, end), min(span.end, end)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("From 1.0 to 8.0 seconds.", "From 1.0 to 6.0 seconds."),
        ("The event happens in 1 - 8 seconds", "The event happens in 1 - 6 seconds"),
        ("1.00s to 8.00s", "1.00s to 6.00s"),
        ("0:01 - 0:08", "0:01 - 0:06"),
        ("00:00:01 --> 00:00:08.500", "00:00:01 --> 00:00:06.0"),
        ("It starts at 1.0 seconds and ends at 8.0 seconds.", "It starts at 1.0 seconds and ends at 6.0 seconds."),
        ("8 cooks stir for 8 s, from 1 to 8 seconds.", "8 cooks stir for 8 s, from 1 to 6 seconds."),
        ("1.0 - 2.0 and 3.0 - 8.0 seconds", "1.0 - 2.0 and 3.0 - 6.0 seconds"),
        ("[[1.0, 2.0], [3.0, 8.0]]", "[[1.0, 2.0], [3.0, 6.0]]"),
        ("From 1.0 to 5.0 seconds, in 8 steps.", "From 1.0 to 5.0 seconds, in 8 steps."),
        ("1.0 - 8.0 seconds, 1.0 - 9.0 seconds.", "1.0 - 6.0 seconds."),
        ("From 1 to 8 seconds, and from 1 to 9 seconds.", "From 1 to 6 seconds."),
        ("0.0 - 0.5, 1.0 - 8.0 and 1.0 - 9.0 seconds", "0.0 - 0.5, 1.0 - 6.0 seconds"),
        ("It never appears.", "It never appears."),
        ("From 1 to 8 s, and from 1 to 9 s, he counts 3, 3, 4.", "From 1 to 6 s, he counts 3, 3, 4."),
        ("1.0 - 2.0 s and 3.0 - 8.0 s and 3.0 - 8.0 s.", "1.0 - 2.0 s and 3.0 - 6.0 s and 3.0 - 6.0 s."),
        ("From 1 to 8 s and from 1 to 8 s and from 1 to 9 s.", "From 1 to 6 s and from 1 to 6 s."),
        ("[[1, 7], [1, 8], [1, 9], [2, 3]]", "[[1, 6], [2, 3]]"),
        ("1 - 8 s: stir; 1 - 9 s: fry", "1 - 6 s: stir; 1 - 6 s: fry"),
        ("1 - 8 s: stir; 1 - 9 s: stir", "1 - 6 s: stir"),
        ("from 1 to 8 s and 1 to 9 s, on floor 3 and 3 of 4", "from 1 to 6 s, on floor 3 and 3 of 4"),
    ],
)
def test_times_are_replaced(text, expected):
    assert cut(text) == expected


@pytest.mark.parametrize("text", ["from one to eight seconds", "Von 1,5 bis 8,5 Sekunden", "from 1 s to 0.15 minutes"])
def test_other_notations_are_not_replaced(text):
    assert len(parse_spans(text)) == 1 and cut(text) is None


def test_a_time_that_is_written_twice_may_become_two():
    def ends_at_6(span):
        return TimeSpan(span.start, 6.0) if span.start == 1 else span

    assert replace_times("1 - 8 s, then 8 - 9 s", ends_at_6) == "1 - 6 s, then 8 - 9 s"
    assert replace_times("1 - 8 s for 8 s, then 8 - 9 s", ends_at_6) == "1 - 6 s for 8 s, then 8 - 9 s"


def test_the_answer_is_parsed_as_often_however_many_times_it_has(monkeypatch):
    parsed = []

    def parse(text, **options):
        parsed.append(text)
        return parse_spans(text, **options)

    for module in (replaced_times, located_spans):
        monkeypatch.setattr(module, "parse_spans", parse)
    for count in (2, 40):
        text = ", ".join(f"{number}.0 - {number}.7 seconds" for number in range(count))
        assert replace_times(text, lambda span: TimeSpan(span.start, span.end - 0.2)) == text.replace(".7", ".5")
    assert len(parsed) == 6


tenths = st.integers(0, 300).map(lambda value: value / 10)
FORMATS = ("{}.", "The event happens in {}.", "A man in a red shirt jumps 3 times: {}.")


spans_of_answers = st.lists(st.tuples(tenths, tenths).map(sorted), min_size=1, max_size=6)


@given(spans_of_answers, tenths, st.sampled_from(FORMATS), st.sampled_from([" and ", ", ", ", and ", "; ", "\n"]))
def test_the_new_answer_has_the_new_spans(spans, end, wording, separator):
    text = wording.format(separator.join(map(format_span, spans)))
    expected = [(min(start, end), min(stop, end)) for start, stop in parse_spans(text)]
    assert parse_spans(cut(text, end)) == list(dict.fromkeys(expected))
