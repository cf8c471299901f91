"""Files of rows: the formats that spreadsheets and programs write, and what is wrong with a file."""

import bz2
import csv
import gzip
import io
import json
import lzma
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.apps.finetune.fields import stands_for_nothing
from timesuite_jax.apps.finetune.raw_rows import RowNumber
from timesuite_jax.apps.finetune.rows import Row, read_rows
from timesuite_jax.errors import UserError

TEXT = "video,question,answer,start,end\na.mp4,When?,From 1.0 to 2.0 seconds.,1,2\nb.mp4,What?,A dog.,,\n"
ROWS = (
    Row(RowNumber(2), "a.mp4", "When?", "From 1.0 to 2.0 seconds.", ((1.0, 2.0),)),
    Row(RowNumber(3), "b.mp4", "What?", "A dog."),
)


def contents(rows):
    return [(row.video, row.question, row.answer, row.spans) for row in rows]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("plain.csv", TEXT.encode()),
        ("with a byte order mark", b"\xef\xbb\xbf" + TEXT.encode()),
        ("UTF-16, as Excel's Unicode text", TEXT.replace(",", "\t").encode("utf-16")),
        ("DOS line ends", TEXT.replace("\n", "\r\n").encode()),
        ("old Macintosh line ends", TEXT.replace("\n", "\r").encode()),
        ("no last line end", TEXT.rstrip("\n").encode()),
        ("semicolons, decimal commas", TEXT.replace(",", ";").replace(";1;2", ";1,0;2,0").encode()),
        ("tabs", TEXT.replace(",", "\t").encode()),
        ("bars", TEXT.replace(",", "|").encode()),
        ("other case and spaces", TEXT.replace("video,question", " Video , QUESTION").encode()),
        ("Hugging Face's name", TEXT.replace("video", "file_name").encode()),
        ("empty rows of a spreadsheet", (TEXT + ",,,,\n\n,,,,\n").encode()),
        ("empty last columns", TEXT.replace("\n", ",,\n").encode()),
        ("clocks", TEXT.replace(",1,2", ",0:01,0:00:02.0").encode()),
        ("gzip", gzip.compress(TEXT.encode(), mtime=0)),
        ("bzip2", bz2.compress(TEXT.encode())),
        ("xz", lzma.compress(TEXT.encode())),
    ],
)
def test_variants_of_csv(tmp_path, name, data):
    (tmp_path / "rows").write_bytes(data)
    found = read_rows(tmp_path / "rows")
    assert not found.problems and not found.notes
    assert found.rows == ROWS


@pytest.mark.parametrize(
    ("first", "second", "problems"),
    [
        ('"1,200","1,500"', "1,2", {2: "start is '1,200', which may be 1.2 or 1200 seconds; write one"}),
        ("1.200,1.500", "1,2", {}),
        (
            '1.200,"1500,5"',
            '"0,500",2',
            {
                2: "start is '1.200', which may be 1.2 or 1200 seconds: line 2 has a decimal comma; write 1,2 or 1200",
            },
        ),
        ('"1,2","1,5"', '10,"12,25"', {}),
        ('"0,512","12,345"', '"1,200","1,500"', {}),  # the first time decides
        ('"1,2",12.345', "1,2", {2: "end is '12.345', which may be 12.345 or 12345 seconds: line 2 has a"}),
        ('"1,2",1.5', '"1,200",2', {3: "start is '1,200', which may be 1.2 or 1200 seconds: line 2 has a decimal"}),
        ('"1,2",1.5', "1.200,2", {3: "start is '1.200', which may be 1.2 or 1200 seconds: line 2 has a decimal"}),
        ("0.5,1.5", '"1,200",2000', {3: "start is '1,200', which may be 1.2 or 1200 seconds; write one of them"}),
    ],
)
def test_times_with_commas(tmp_path, first, second, problems):
    """Neither a comma of thousands is read as one of decimals, nor a full stop where decimals have commas."""
    rows = f"a.mp4,When?,Now.,{first}\nb.mp4,When?,Now.,{second}\n"
    (tmp_path / "rows.csv").write_text(f"video,question,answer,start,end\n{rows}")
    found = read_rows(tmp_path / "rows.csv")
    assert {row.number.row for row in found.rows} == {2, 3} - set(problems)
    for number, text in found.problems:
        assert text.startswith(problems.pop(number.row))
    assert not problems


amounts = st.one_of(st.integers(0, 2000), st.integers(0, 900_000).map(lambda value: value / 1000))


@given(st.lists(st.tuples(amounts, st.sampled_from(",."), st.sampled_from([1, 2, 3, 4])), min_size=1, max_size=4))
def test_what_a_message_on_decimal_marks_names_is_read(tmp_path_factory, times):
    """Each of its two forms; the rows that are read keep their meaning."""
    file = tmp_path_factory.mktemp("rows") / "rows.csv"
    first = [f"{value:.{digits}f}".replace(".", mark) for value, mark, digits in times]
    for choice in (0, 1):
        written = list(first)
        for _ in range(len(times) + 1):
            lines = [f'a.mp4;"When {number}?";Now.;{text};999999' for number, text in enumerate(written)]
            file.write_text("\n".join(["video;question;answer;start;end", *lines]))
            found = read_rows(file)
            if not found.problems:
                break
            for number, text in found.problems:
                meanings, forms = re.search(r"may be (.*?) seconds.*; write (.*?)(?:, without|$)", text).groups()
                form = (meanings if forms == "one of them" else forms).split(" or ")[choice]
                assert written[number.row - 2] != form
                written[number.row - 2] = form
        assert len(found.rows) == len(times)
        for row, text in zip(found.rows, written, strict=True):
            decimal = float(text.replace(",", "."))
            assert row.spans[0][0] == decimal


def test_a_declared_separator_counts_as_a_line(tmp_path):
    (tmp_path / "rows.csv").write_text("sep=;\n" + TEXT.replace(",", ";"))
    found = read_rows(tmp_path / "rows.csv")
    assert contents(found.rows) == contents(ROWS) and [row.number.row for row in found.rows] == [3, 4]


def test_quoted_line_breaks_keep_the_numbers_of_lines(tmp_path):
    text = 'video,question,answer\na.mp4,"When?\nExactly, ""when""?",Now.\nb.mp4,What?,\n'
    (tmp_path / "rows.csv").write_text(text)
    found = read_rows(tmp_path / "rows.csv")
    assert [(row.number.row, row.question) for row in found.rows] == [(2, 'When?\nExactly, "when"?')]
    assert found.problems == ((RowNumber(4), "answer is missing; add it"),)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("as_list", [False, True])
def test_json(tmp_path, line_end, as_list):
    objects = [
        {"video": "a.mp4", "question": "When?", "answer": "From 1.0 to 2.0 seconds.", "start": 1, "end": 2.0},
        {"video": "b.mp4", "question": "What\u2028now?", "answer": 3, "start": None, "spans": None},
    ]
    lines = [json.dumps(one, ensure_ascii=False) for one in objects]
    text = json.dumps(objects) if as_list else line_end.join(["", *lines, ""])
    (tmp_path / "rows").write_bytes(b"\xef\xbb\xbf" + text.encode())
    found = read_rows(tmp_path / "rows")
    assert not found.problems
    assert contents(found.rows) == [*contents(ROWS[:1]), ("b.mp4", "What\u2028now?", "3", ())]
    assert [row.number.row for row in found.rows] == ([1, 2] if as_list else [2, 3])
    assert found.unit == ("element" if as_list else "line")


def test_bad_rows_are_listed_together(tmp_path):
    lines = (
        '{"video": "a.mp4", "question": "When?", "answer": "x"}',
        '{"video": "a.mp4", "question": "When?", "answer": "x"',
        '["a.mp4"]',
        '{"video": "a.mp4", "qestion": "When?", "answer": "x"}',
        '{"video": "a.mp4", "video": "b.mp4", "question": "When?", "answer": "x"}',
        '{"video": "a.mp4", "question": "When?", "answer": "x"}',
    )
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    found = read_rows(tmp_path / "rows.jsonl")
    assert [row.number.row for row in found.rows] == [1]
    numbers, texts = zip(*found.problems, strict=True)
    assert numbers == tuple(map(RowNumber, (2, 3, 4, 5, 6)))
    for text, expected in zip(
        texts,
        ("is not JSON", "is not an object; write", "is it called 'qestion'?", "has 'video' twice", "repeats line 1"),
        strict=True,
    ):
        assert expected in text


def test_a_text_that_is_too_long_for_csv(tmp_path):
    text = f'video,question,answer\na.mp4,"When?{"x" * 200_000}\nb.mp4,What?,A dog.\n'
    (tmp_path / "rows.csv").write_text(text)
    ((line, problem),) = read_rows(tmp_path / "rows.csv").problems
    assert line == RowNumber(2) and problem.endswith("; close its quotes, or shorten it")


def test_bad_rows_of_csv(tmp_path):
    text = (
        'video,question,answer\na.mp4,When, exactly?,Now.\na.mp4,"What"?,x\na.mp4,Why?,So.\nb.mp4,"When?,Now.\nc,d,e\n'
    )
    (tmp_path / "rows.csv").write_text(text)
    found = read_rows(tmp_path / "rows.csv")
    assert [row.number.row for row in found.rows] == [4]
    assert [number.row for number, _ in found.problems] == [2, 3, 5]
    assert (
        "has 4 fields, but the header has 3 columns; put texts that contain ',' in double quotes"
        in found.problems[0].text
    )
    assert "cannot be read (" in found.problems[1].text and "cannot be read up to line 6" in found.problems[2].text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "has no header; its first line must name the columns"),
        (b"video,question,answer\n", "has no rows"),
        (b"[]", "has no rows"),
        (b'[{"video": 1},\n{]', "is not a JSON list (line 2: "),
        (b"video,answer\na,b\n", "line 1: the header has no column question; its columns are 'video', 'answer'"),
        (b"video,qestion,answer\na,b,c\n", "has no column question; is it called 'qestion'?"),
        (b"a.mp4,When?,Now.\n", "has no column video, question, answer"),
        (b"video,question,answer,Answer\na,b,c,d\n", "column answer occurs more than once"),
        (b"video,question,answer\na,b,c\na,caf\xe9,c\n", "line 3 is not text in UTF-8 (byte b'\\xe9')"),
        (b"PK\x03\x04rest of an .xlsx", "is a zip archive, as .npz and .xlsx files are; give a file of text, e.g. CSV"),
        (b"PAR1 and so on", "is a Parquet file, not a JSON lines or CSV file"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-9], "cannot read"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, data, expected):
    (tmp_path / "rows").write_bytes(data)
    with pytest.raises(UserError) as caught:
        read_rows(tmp_path / "rows")
    assert expected in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(UserError, match="there is no file of rows"):
        read_rows(tmp_path / "absent.csv")


QA = [{"q": "When?", "a": "From 1.0 to 2.0 seconds.", "spans": [[1, 2]]}, {"question": "What?", "answer": "A dog."}]


def test_rows_with_several_questions(tmp_path):
    objects = [
        {"video": "a.mp4", "task": "grounding", "QA": QA},
        {"video": "b.mp4", "QA": [*QA, {"q": "Why?", "i": ""}]},
    ]
    objects += [{"video": "c.mp4", "QA": QA, "start": 1, "end": 2}, {"video": "d.mp4", "QA": []}]
    objects += [{"video": "e.mp4", "QA": [QA[0], QA[0]]}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, objects)))
    found = read_rows(tmp_path / "rows.jsonl")
    rows = [row for row in found.rows if row.number.row == 1]
    assert contents(rows) == [
        (row.video.replace("b", "a"), *rest) for row, (_, *rest) in zip(ROWS, contents(ROWS), strict=True)
    ]
    assert [str(number) for number, _ in found.problems] == [
        "2, question 3",
        "3, question 1",
        "3, question 2",
        "4",
        "5, question 2",
    ]
    for (_, text), expected in zip(
        found.problems,
        (
            "has no column answer",
            "has start beside QA; write it within QA",
            "has start beside QA; write it within QA",
            "QA is [], not a list of",
            "repeats line 5, question 1; remove",
        ),
        strict=True,
    ):
        assert expected in text
    assert found.notes == ("columns that are not used: task",)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"q": "Why?"}, "has no column answer"),
        ({"q": "Why?", "question": "Why?", "a": "So."}, "has a column twice: q, question, a; remove one"),
        ("Why?", "is 'Why?', not a question; write {"),
        ({"q": "Why?", "a": "", "start": 1}, "has start 1 but no end"),
        (QA[1], "repeats line 1, question 1; remove one of them"),
    ],
)
def test_a_wrong_question_leaves_the_others_of_its_row(tmp_path, wrong, expected):
    (tmp_path / "rows.jsonl").write_text(json.dumps({"video": "a.mp4", "QA": [QA[1], wrong, QA[0]]}))
    found = read_rows(tmp_path / "rows.jsonl")
    assert contents(found.rows) == contents([replace(ROWS[1], video="a.mp4"), ROWS[0]])
    ((number, text),) = found.problems
    assert str(number) == "1, question 2" and expected in text


@pytest.mark.parametrize("digits", [350, 500, 5000])
@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ('"start": 1, "end": %s', "end is {}..., not a time; write seconds, e.g. 65.5, or 1:05.5"),
        ('"start": %s', "has start {}... but no end; give both or neither"),
    ],
)
def test_a_number_of_many_digits_is_no_time(tmp_path, digits, times, expected):
    row = f'{{"video": "a.mp4", "question": "When?", "answer": "Now.", {times % ("9" * digits)}}}'
    (tmp_path / "rows.jsonl").write_text(row)
    ((_, text),) = read_rows(tmp_path / "rows.jsonl").problems
    assert text in (expected.format("9" * 60), expected.format("'" + "9" * 59))


def test_unused_columns_are_noted(tmp_path):
    (tmp_path / "rows.csv").write_text("id,video,question,answer,Mood\n1,a.mp4,When?,Now.,good\n")
    assert read_rows(tmp_path / "rows.csv").notes == ("columns that are not used: id, mood",)


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(
    lambda text: text.strip() and not stands_for_nothing(text)
)
tables = st.lists(st.tuples(words, words, words), min_size=1, max_size=5, unique=True)


@given(tables, st.sampled_from([",", ";", "\t", "|"]))
def test_what_a_program_writes_is_read(tmp_path_factory, table, separator):
    """Any texts, as CSV and as JSON lines, are the same rows."""
    folder = tmp_path_factory.mktemp("rows")
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([("video", "question", "answer"), *table])
    (folder / "rows.csv").write_bytes(text.getvalue().encode())
    lines = [json.dumps(dict(zip(("video", "question", "answer"), row, strict=True))) for row in table]
    (folder / "rows.jsonl").write_text("\n".join(lines))
    of_csv, of_json = read_rows(folder / "rows.csv"), read_rows(folder / "rows.jsonl")
    assert contents(of_csv.rows) == contents(of_json.rows)
    assert [text for _, text in of_csv.problems if "repeats" not in text] == [
        text for _, text in of_json.problems if "repeats" not in text
    ]
    assert len(of_csv.rows) + len(of_csv.problems) == len(table)
    for row in of_csv.rows:
        assert (row.video, row.question, row.answer) in {tuple(map(str.strip, one)) for one in table}


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_rows_or_an_error(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("rows") / "rows"
    for prefix in (b"", b"video,question,answer,start,end,spans\n", b'{"video": ', b"["):
        file.write_bytes(prefix + data)
        try:
            found = read_rows(file)
        except UserError as error:
            assert str(file) in str(error)
        else:
            assert found.rows or found.problems
