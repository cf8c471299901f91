"""Whole numbers that are written as floats are the names that they are written as elsewhere."""

import json
from decimal import Decimal

import pyarrow
import pytest
from pyarrow import parquet

from timesuite_jax.data.interactions.history_file import read_histories
from timesuite_jax.data.interactions.log_file import open_log
from timesuite_jax.data.interactions.log_reader import read_log
from timesuite_jax.data.interactions.names import parse_name, whole_number
from timesuite_jax.errors import UserError


def items(path) -> list[str]:
    log = read_log(open_log(path)).log
    return [log.item_names[item] for item in log.items]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        (["1.0", "20.0", "1.0"], ["1", "20", "1"]),
        (["1", "1.0", "2."], ["1", "1", "2"]),
        (["1e+05", "100000", "1.5E+06"], ["100000", "100000", "1500000"]),
        (["-1.0", "0.0"], ["-1", "0"]),
        (["007", "7.0"], ["007", "7"]),
        (["12345678901234567890.0", "2"], ["12345678901234567890", "2"]),
        # Not all are whole numbers: versions, words, hexadecimal digits.
        (["1.0", "1.5"], ["1.0", "1.5"]),
        (["1.0", "v2"], ["1.0", "v2"]),
        (["12e5", "3"], ["12e5", "3"]),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_ids_written_as_floats(tmp_path, written, names, suffix):
    path = tmp_path / f"log.{suffix}"
    lines = [json.dumps({"user": "a", "item": item, "time": n}) for n, item in enumerate(written)]
    rows = ["user,item,time", *(f"a,{item},{n}" for n, item in enumerate(written))]
    path.write_text("\n".join(lines if suffix == "jsonl" else rows) + "\n")
    assert items(path) == names
    assert read_histories(path) == {"a": names}


def test_numbers_of_json_are_names(tmp_path):
    (tmp_path / "log.jsonl").write_text("".join(f'{{"user": 1.0, "item": {n}, "time": 1}}\n' for n in ("1.0", "2")))
    assert items(tmp_path / "log.jsonl") == ["1", "2"]
    (tmp_path / "history.json").write_text("[1.0, 2]")
    assert read_histories(tmp_path / "history.json") == {"0": ["1", "2"]}


@pytest.mark.parametrize("column", [[1.0, 2.0**53], [Decimal("1.00"), Decimal(2**53)]])
def test_floats_and_decimals_of_parquet_are_names(tmp_path, column):
    table = pyarrow.table({"user": ["a", "a"], "item": column, "time": [1, 2]})
    parquet.write_table(table, tmp_path / "log.parquet")
    assert items(tmp_path / "log.parquet") == ["1", str(2**53)]


def test_names_are_parsed():
    assert [parse_name(value, "item") for value in (" x ", 7, 7.0, "7.0")] == ["x", "7", "7", "7.0"]
    assert [whole_number(name) for name in ("7.0", "7", "7.5", "1.25e+01", "x")] == ["7", None, None, None, None]
    for value in (True, 1.5, float("inf"), float("nan"), None, "", "a\0", [1]):
        with pytest.raises(ValueError, match=r"item .*(neither a name nor a whole number|is empty)"):
            parse_name(value, "item")


@pytest.mark.parametrize("item", [["x", None, "y", None], [7, None, 8, None], [7.0, None, 8.0, None], [None] * 4])
def test_missing_names_are_counted(tmp_path, item):
    parquet.write_table(pyarrow.table({"user": list("abcd"), "item": item, "time": range(4)}), tmp_path / "log.parquet")
    first, number = (1, 4) if item[0] is None else (2, 2)
    with pytest.raises(UserError, match=rf"row {first}: item is empty; fill it in .* \({number} such rows\)"):
        read_log(open_log(tmp_path / "log.parquet"))


def test_missing_fields_of_text_are_counted(tmp_path):
    (tmp_path / "log.csv").write_text("time,user,item\n1,a,x\n2,a,\n3,a\n4, ,x\n5,a, \n")
    with pytest.raises(UserError, match=r"line 5: user is empty; fill it in or remove the line \(1 such rows\)"):
        read_log(open_log(tmp_path / "log.csv"))
    (tmp_path / "log.csv").write_text("time,user,item\n1,a,x\n2,a,\n3,a\n")
    with pytest.raises(UserError, match=r"line 3: item is empty; fill it in or remove the line \(2 such rows\)"):
        read_log(open_log(tmp_path / "log.csv"))
