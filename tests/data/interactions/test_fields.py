"""Logs and histories that could be misread are rejected with their line."""

from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from timesuite_jax.data.interactions import InteractionLog
from timesuite_jax.data.interactions.history_file import read_histories
from timesuite_jax.data.interactions.log_file import open_log
from timesuite_jax.data.interactions.log_reader import read_log
from timesuite_jax.errors import UserError

HEAD = "user,item,time\n"


def read(path: Path, **options: Any) -> InteractionLog:
    return read_log(open_log(path), **options).log


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "a,Apollo,13,100\n", "line 2 has more fields than the header has columns; quote names"),
        (HEAD + 'a,"Weird Al,1\nb,"Weird Al,2\n', "from line 2 on: ',' expected after '\"'"),
        (
            HEAD + 'a,"Weird Al,1\nb,x,2\n',
            "from line 2 on: unexpected end of data; give a CSV file in which",
        ),
        ("user,item,item,time\na,x,y,1\n", "has more than one column item; rename or remove the others"),
        (HEAD + "a\0,x,1\n", "line 2: user 'a\\x00' is neither a name nor a whole number"),
        (HEAD + "a,x," + "9" * 400 + "\n", "is not a number or a date; give numbers"),
    ],
)
def test_ambiguous_rows_are_rejected(tmp_path, text, message):
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    for reader in (read, read_histories):
        with pytest.raises(UserError) as caught:
            reader(tmp_path / "log.csv")
        assert message in str(caught.value)


def test_line_ends_and_byte_order_marks_of_other_systems_are_read(tmp_path):
    text = HEAD + 'ann,"so ""quoted"", x",1\r\nböb, 中 ,2\r\n'
    for mark in (b"", b"\xef\xbb\xbf"):
        (tmp_path / "log.csv").write_bytes(mark + text.encode())
        assert read(tmp_path / "log.csv").item_names == ('so "quoted", x', "中")
        assert read_histories(tmp_path / "log.csv") == {"ann": ['so "quoted", x'], "böb": ["中"]}
        (tmp_path / "history.json").write_bytes(mark + b'[" x ", 7]')
        assert read_histories(tmp_path / "history.json") == {"0": ["x", "7"]}


def test_large_integer_times_are_exact(tmp_path):
    """A float64 does not resolve nanoseconds since 1970."""
    now = 1_700_000_000_000_000_000
    (tmp_path / "log.csv").write_text(HEAD + f"a,x,{now + 1}\na,x,{now}\na,y,{now - 1}\n")
    with pytest.raises(UserError, match="line 3: timestamps of user a are not sorted"):
        read(tmp_path / "log.csv")
    log = read(tmp_path / "log.csv", sort=True)
    assert [log.item_names[item] for item in log.items] == ["y", "x", "x"]


def test_too_long_numbers_in_json_are_rejected(tmp_path):
    (tmp_path / "history.json").write_text(f"[{'9' * 5000}]")
    with pytest.raises(UserError, match=r"cannot read .*history\.json"):
        read_histories(tmp_path / "history.json")


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([1.0, 2.5], "row 2: item 2.5 is neither a name nor a whole number"),
        ([1.0, float("nan")], "row 2: item nan is neither a name nor a whole number"),
        ([1.0, 2.0**60], "row 2: item 1.152921504606847e.18 is neither a name nor a whole number"),
        ([["x"], ["y"]], r"row 1: item \['x'\] is neither"),
        ([True, False], "row 1: item True is neither"),
        ([b"x", b"\xff"], "cannot read .*Invalid UTF8"),
    ],
)
def test_names_of_other_types_are_rejected(tmp_path, items, message):
    parquet.write_table(pyarrow.table({"user": ["a", "b"], "item": items, "time": [1, 2]}), tmp_path / "log.parquet")
    with pytest.raises(UserError, match=message):
        read(tmp_path / "log.parquet")


def test_parquet_text_as_bytes_is_read_and_repeated_columns_are_rejected(tmp_path):
    path, table = tmp_path / "log.parquet", pyarrow.table({"user": ["a"], "item": [b"\xc3\xa9"], "time": [1]})
    parquet.write_table(table.append_column("item", [["y"]]), path)
    with pytest.raises(UserError, match="has more than one column item"):
        read(path)
    parquet.write_table(table, path)
    assert read(path).item_names == ("é",)
