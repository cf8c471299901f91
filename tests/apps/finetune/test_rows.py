"""Values of rows: times, spans, answers, and what is wrong with them."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.apps.finetune.csv_rows import parse_csv
from timesuite_jax.apps.finetune.fields import FieldError, read_seconds, read_spans
from timesuite_jax.apps.finetune.json_rows import parse_json
from timesuite_jax.apps.finetune.raw_rows import RawRow, RowNumber
from timesuite_jax.apps.finetune.rows import read_row
from timesuite_jax.text import denies_event, parse_spans

GOOD = {"video": "a.mp4", "question": "When?", "answer": "Now."}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0.0),
        (12, 12.0),
        (1.25, 1.25),
        ("12", 12.0),
        (" 12.5 ", 12.5),
        (".5", 0.5),
        ("1e1", 10.0),
        ("12,5", 12.5),
        ("1,20", 1.2),
        ("0,500", 0.5),
        ("1234,567", 1234.567),
        ("1.200", 1.2),
        ("1:05", 65.0),
        ("90:00", 5400.0),
        ("1:05.5", 65.5),
        ("1:05,5", 65.5),
        ("01:02:03.25", 3723.25),
        ("\u0663", 3.0),  # an Arabic digit
    ],
)
def test_seconds(value, expected):
    assert read_seconds(value, "start") == expected


@pytest.mark.parametrize(
    "value",
    [
        *(
            True,
            None,
            [],
            {},
            "",
            "x",
            "nan",
            "inf",
            "1:75:00",
            "1:75",
            "1:2:60",
            "1:2:3:4",
            "1.234,5",
            "12 s",
            "0x10",
            "1_0",
            math.nan,
        ),
        *(math.inf, -math.inf, 10**400, 1e9, "1e999"),
    ],
)
def test_values_that_are_not_seconds(value):
    with pytest.raises(FieldError, match=r"start is .*, not a time; write seconds, e\.g\. 65\.5, or 1:05\.5"):
        read_seconds(value, "start")


@pytest.mark.parametrize(
    ("value", "meanings"), [("1,200", "1.2 or 1200"), (" 12,345 ", "12.345 or 12345"), ("1,000", "1 or 1000")]
)
def test_a_comma_of_thousands_or_decimals(value, meanings):
    with pytest.raises(FieldError, match=f"which may be {meanings} seconds; write one of them, without thousands"):
        read_seconds(value, "start")
    with pytest.raises(FieldError, match="may be"):
        read_spans([[value, 1e5]])


@pytest.mark.parametrize("value", [[[1, 2], [1.0, 2]], "[[1, 2], [3, 4], [1, 2]]", [["1", "2"], ["0:01", 2]]])
def test_a_span_that_is_there_twice(value):
    with pytest.raises(FieldError, match=r"spans has \[1\.0, 2\.0\] twice; remove one of them"):
        read_spans(value)


@pytest.mark.parametrize("value", [-1, -0.5, "-2", "-1,5"])
def test_negative_seconds(value):
    with pytest.raises(FieldError, match="below 0; count from the start of the video"):
        read_seconds(value, "end")


@pytest.mark.parametrize("value", ([[1, 2.5], [4, 5]], "[[1, 2.5], [4, 5]]", [["1", "2,5"], ["0:04", 5.0]]))
def test_spans(value):
    assert read_spans(value) == ((1.0, 2.5), (4.0, 5.0))


def test_a_span_alone_and_none():
    assert read_spans([1, 2]) == ((1.0, 2.0),) and read_spans([]) == read_spans("[]") == ()


@pytest.mark.parametrize(
    "value", [3, "1-2", {"start": 1}, [1, 2, 3], [[1]], [[1, 2], 3], "[[1, 2]", [[1, 2], [3, 4, 5]]]
)
def test_values_that_are_not_spans(value):
    with pytest.raises(FieldError, match="not a list of starts and ends; write"):
        read_spans(value)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"video": " "}, "video is missing; add it"),
        ({"question": None}, "question is missing; add it"),
        ({"answer": ""}, "answer is missing; add it"),
        ({"answer": math.nan}, "answer is missing; add it"),
        ({"answer": "", "spans": None}, "answer is missing; add it"),
        ({"answer": True}, "answer is True, not a text; put it in double quotes"),
        ({"answer": ["a"]}, "answer is ['a'], not a text"),
        ({"video": "a\0.mp4"}, "contains letters that are no text"),
        ({"question": "a\ud800"}, "contains letters that are no text"),
        (
            {"question": "Say [INST] twice"},
            "question 'Say [INST] twice' contains the conversation marker [INST]; remove it",
        ),
        ({"start": 1}, "has start 1 but no end; give both or neither"),
        ({"end": "2"}, "has end '2' but no start; give both or neither"),
        ({"start": 2, "end": 2}, "end 2 is not after start 2; exchange or correct them"),
        ({"start": "5", "end": "2"}, "end '2' is not after start '5'"),
        ({"start": "x", "end": 2}, "start is 'x', not a time"),
        ({"start": 1, "end": 2, "spans": [[1, 2]]}, "has spans and start; give spans, or start and end"),
        ({"spans": [[4, 3]]}, "spans: end 3 is not after start 4"),
        ({"spans": "x" * 100}, "spans is 'xxx"),
        (
            {"start": 3, "end": 5, "answer": "From 30 to 50 seconds."},
            "the row's times are 3.0 - 5.0 seconds, but its answer has 30.0 - 50.0 seconds; correct one of them",
        ),
    ],
)
def test_wrong_rows(changed, expected):
    with pytest.raises(FieldError) as caught:
        read_row(RawRow(RowNumber(7), {**GOOD, **changed}))
    assert expected in str(caught.value) and len(str(caught.value)) < 250


@pytest.mark.parametrize("empty", [[], "[]"])
def test_an_empty_list_of_spans_states_that_the_event_never_happens(empty):
    row = read_row(RawRow(RowNumber(1), {"video": "a.mp4", "question": "When?", "spans": empty}))
    assert row.spans == () and denies_event(row.answer)
    assert read_row(RawRow(RowNumber(1), {**GOOD, "spans": empty})).answer == GOOD["answer"]


def test_missing_values_of_pandas():
    row = read_row(RawRow(RowNumber(1), {**GOOD, "start": math.nan, "end": math.nan, "spans": math.nan}))
    assert row.spans == () and row.answer == "Now."


@pytest.mark.parametrize(
    "empty", ["", " ", "NaN", "nan", "-nan", "NULL", "null", "NaT", "<NA>", "#N/A", "N/A", "None", "NA"]
)
def test_missing_values_in_cells(empty):
    """As programs write them to CSV, and for times also to JSON."""
    times = {"start": empty, "end": empty, "spans": empty}
    row = read_row(RawRow(RowNumber(1), {**GOOD, **times}))
    assert row.spans == () and row.answer == "Now."
    with pytest.raises(FieldError, match="has start '1' but no end; give both or neither"):
        read_row(RawRow(RowNumber(1), {**GOOD, **times, "start": "1"}))
    (cells,) = csv_rows(video="a.mp4", question="When?", start="1", end="2", answer=empty)
    words = {"N/A", "None", "NA"}  # may be what the model is to answer
    assert read_row(cells).answer == (empty if empty in words else "1.0 - 2.0 seconds.")
    if empty not in words:
        for name in ("question", "answer"):
            (cells,) = csv_rows(**{**GOOD, name: empty})
            with pytest.raises(FieldError, match=f"{name} is missing; add it"):
                read_row(cells)


def csv_rows(**values: str) -> tuple[RawRow, ...]:
    return parse_csv(Path("rows.csv"), f"{','.join(values)}\n{','.join(values.values())}\n").rows


@pytest.mark.parametrize("word", ["null", "NaN", "None", "NaT", "#N/A"])
def test_words_in_json_are_texts(word):
    line = json.dumps({**GOOD, "answer": word, "question": word})
    (row,) = parse_json(Path("rows.jsonl"), line).rows
    assert (read_row(row).question, read_row(row).answer) == (word, word)


def test_an_answer_rounded_to_whole_seconds_agrees():
    row = read_row(RawRow(RowNumber(1), {**GOOD, "start": 3.4, "end": 5.4, "answer": "From 3 to 5 seconds."}))
    assert row.spans == ((3.4, 5.4),)


times = st.integers(0, 5000).map(lambda tenths: tenths / 10)
spans = st.tuples(times, times).map(sorted).filter(lambda span: span[0] < span[1]).map(tuple)


@given(st.lists(spans, min_size=1, max_size=4, unique=True))
def test_without_an_answer_the_times_are_the_answer(windows):
    row = read_row(
        RawRow(RowNumber(1), {"video": "a.mp4", "question": "When?", "spans": [list(span) for span in windows]})
    )
    assert [(span.start, span.end) for span in parse_spans(row.answer)] == windows == list(row.spans)


@given(st.dictionaries(st.sampled_from(["video", "question", "answer", "start", "end", "spans"]), st.from_type(object)))
def test_any_values_are_a_row_or_an_error(values):
    try:
        row = read_row(RawRow(RowNumber(1), values))
    except FieldError as error:
        assert "; " in str(error)  # the remedy
    else:
        assert row.video and row.question and row.answer
        assert all(0 <= start < end for start, end in row.spans)
