"""Interaction logs from CSV and Parquet, their k-core and leave-one-out split; errors name the line."""

import itertools
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from timesuite_jax.data.interactions import InteractionLog, describe, k_core, leave_one_out, log_batches
from timesuite_jax.data.interactions.log_file import open_log
from timesuite_jax.data.interactions.log_reader import read_log
from timesuite_jax.errors import UserError

# Rows of two users interleaved; "x" is taken twice by ann, at different times.
LOG = """time,user,item,stars
1,ann,x,5
1,bob,y,4
2,ann,y,5
3,bob,x,1
3,ann,x,5
4,ann,z,3
5,bob,y,3
"""


def read(path: Path, columns: Sequence[str] | None = None, **options: Any) -> InteractionLog:
    return read_log(open_log(path, columns), **options).log


def write_log(tmp_path: Path, text: str) -> Path:
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    return tmp_path / "log.csv"


def test_leave_one_out(tmp_path):
    log = read(write_log(tmp_path, LOG))
    assert log.user_names == ("ann", "bob") and log.item_names == ("x", "y", "z")
    data = leave_one_out(log)
    np.testing.assert_array_equal(data.start, [0, 2, 3])
    np.testing.assert_array_equal(data.items, [0, 1, 1])
    np.testing.assert_array_equal(data.validation, [0, 0])
    np.testing.assert_array_equal(data.test, [2, 1])
    assert data.num_items == 3 and data.items.dtype == np.int32
    assert data.user_names == ("ann", "bob") and data.item_names == ("x", "y", "z")


def test_k_core_repeats_until_no_row_is_dropped(tmp_path):
    # Dropping cat leaves w with one row; dropping w is the second iteration.
    text = LOG + "6,ann,w,1\n6,cat,w,1\n7,ann,z,1\n"
    core = k_core(read(write_log(tmp_path, text)), 2)
    assert core.user_names == ("ann", "bob") and core.item_names == ("x", "y", "z")
    named = [(core.user_names[user], core.item_names[item]) for user, item in zip(core.users, core.items, strict=True)]
    assert named == [
        ("ann", "x"), ("bob", "y"), ("ann", "y"), ("bob", "x"), ("ann", "x"), ("ann", "z"), ("bob", "y"), ("ann", "z")
    ]  # fmt: skip
    for ids in (core.users, core.items):
        assert np.bincount(ids).min() >= 2
    np.testing.assert_array_equal(core.times, [1, 1, 2, 3, 3, 4, 5, 7])


def test_parquet_with_other_column_names_and_row_order_is_the_same_log(tmp_path):
    expected = read(write_log(tmp_path, LOG))
    rows = [line.split(",") for line in LOG.splitlines()[1:]]
    timestamps = [datetime.fromtimestamp(int(row[0]), UTC) for row in rows]
    for times, sort, order in (([int(row[0]) for row in rows], False, 1), (timestamps, True, -1)):
        columns = {"who": [row[1] for row in rows], "what": [row[2] for row in rows], "when": times}
        table = pyarrow.table({name: values[::order] for name, values in columns.items()})
        parquet.write_table(table, tmp_path / "log.parquet")
        log = read(tmp_path / "log.parquet", ("who", "what", "when"), sort=sort)
        unit = 10**6 if times is timestamps else 1  # Arrow stores Python's dates as microseconds
        np.testing.assert_array_equal(log.times, expected.times * unit)
        named = [sorted(zip(log.times // scale, map(log.user_names.__getitem__, log.users),
                            map(log.item_names.__getitem__, log.items), strict=True))
                 for log, scale in ((log, unit), (expected, 1))]  # fmt: skip
        assert named[0] == named[1]


def test_timestamps_do_not_depend_on_the_time_zone_of_the_machine(tmp_path, monkeypatch):
    """Daylight saving time in Berlin ends at 1:00 UTC that night; Python's datetime has no nanoseconds."""
    instants = np.datetime64("2023-10-29T00:30:00.25", "ns") + np.arange(3) * np.timedelta64(30, "m")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        for zone, unit in itertools.product((None, "Europe/Berlin"), ("ms", "us", "ns")):
            finest = instants + np.timedelta64(unit == "ns", "ns")
            timestamps = pyarrow.array(finest).cast(pyarrow.timestamp(unit, zone))
            table = pyarrow.table({"user": ["a"] * 3, "item": [1, 2, 3], "time": timestamps})
            parquet.write_table(table, tmp_path / "log.parquet")
            log = read(tmp_path / "log.parquet")
            fraction = {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
            expected = 1698539400 * fraction + fraction // 4 + (unit == "ns") + 1800 * fraction * np.arange(3)
            np.testing.assert_array_equal(log.times, expected)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_invalid_parquet_files_are_rejected(tmp_path):
    path = tmp_path / "log.parquet"
    parquet.write_table(pyarrow.table({"user": ["a", None], "item": [1, 2], "time": [1, 2]}), path)
    with pytest.raises(UserError, match=r"log.parquet, row 2: user is empty"):
        read(path)
    with pytest.raises(
        UserError, match=r"log.parquet has no column rating; its columns are user, item, time; name those"
    ):
        read(path, ("user", "item", "rating"))
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError, match=r"cannot read .*log.parquet: .*; give a Parquet file"):
        read(path)


def test_a_log_that_is_its_own_core_is_returned(tmp_path):
    log = read(write_log(tmp_path, LOG))
    assert k_core(log, 1) is log


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no column user, item, time"),
        ("user,item\n", "has no column time"),
        ("user,item,time\n", "contains no rows"),
        (
            LOG + "0,ann,y,1\n1,bob,x,1\n",
            "line 9: timestamps of user ann are not sorted (2 such rows of 2 users); sort the file",
        ),
        (
            LOG + "5,bob,y,1\n" + LOG.split("\n", 1)[1],
            "8 of 15 rows repeat the user, the item and the time of an earlier row, first {}, line 9: user bob, "
            "item y; pass --on-duplicate drop",
        ),
        (LOG + "6,,y,1\n", "line 9: user is empty"),
        (LOG + "6,bob\n", "line 9: item is empty"),
        (LOG + "noon,bob,y,1\n", "line 9: time 'noon' is not a number"),
        (LOG + "nan,bob,y,1\n", "line 9: time 'nan' is not a number"),
        (LOG + "6\n", "line 9: user is empty"),
    ],
)
def test_invalid_logs_are_rejected(tmp_path, text, message):
    with pytest.raises(UserError) as caught:
        read(write_log(tmp_path, text))
    assert message.format(tmp_path / "log.csv") in str(caught.value)


def test_unreadable_files_are_rejected(tmp_path):
    for absent in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UserError, match="does not exist or is not a file; give the path of a file") as error:
            read(absent)
        assert str(absent) in str(error.value)
    (tmp_path / "bytes.csv").write_bytes(b"user,item,time\n\xff,a,1\n")
    with pytest.raises(UserError, match="give an intact file of text in UTF-8"):
        read(tmp_path / "bytes.csv")


def test_users_with_too_few_items_are_rejected(tmp_path):
    with pytest.raises(UserError, match=r"user cat has 1 of the 3 items .* \(1 such users\); use the 3-core"):
        leave_one_out(read(write_log(tmp_path, LOG + "6,cat,x,1\n")))


def test_an_empty_core_is_rejected(tmp_path):
    with pytest.raises(UserError, match="have 9 interactions each; lower --core"):
        k_core(read(write_log(tmp_path, LOG)), 9)


def test_batches_of_any_reader_give_one_log(tmp_path, monkeypatch):
    """Rows that Arrow cannot parse, and files with quotes, are read by Python's reader, in batches too."""
    rows = [(f"user {n % 7}", f"item {n % 5}", n) for n in range(200_000)]
    text = "user,item,time,rest\n" + "".join(f"{user},{item},{time},\n" for user, item, time in rows)
    monkeypatch.setattr(log_batches, "_ROWS", 3000)
    sizes: list[int] = []
    expected = read(write_log(tmp_path, text), on_progress=sizes.append)
    assert len(sizes) > 1 and sum(sizes) == len(rows)
    assert expected.user_names == tuple(f"user {n}" for n in range(7))
    np.testing.assert_array_equal(expected.users, np.arange(len(rows)) % 7)
    np.testing.assert_array_equal(expected.items, np.arange(len(rows)) % 5)
    short = text.replace("user 5,item 1,150001,\n", "user 5,item 1,150001\n")
    assert len(short) == len(text) - 1
    for other in (short, text.replace("user 6", '"user 6"')):
        log = read(write_log(tmp_path, other))
        assert (log.user_names, log.item_names) == (expected.user_names, expected.item_names)
        for name in ("users", "items", "times"):
            np.testing.assert_array_equal(getattr(log, name), getattr(expected, name))
    with pytest.raises(UserError, match="line 150003 has more fields"):
        read(write_log(tmp_path, text.replace(",150001,", ",150001,,")))
    with pytest.raises(UserError, match="line 150003: time '0x10' is not a number"):
        read(write_log(tmp_path, text.replace(",150001,", ",0x10,")))


@pytest.mark.parametrize("times", [("1", "1.5", "1e1"), (" 1", "+2", "3 "), ("1", "2", "3" + "0" * 30)])
def test_times_may_have_any_form_of_a_number(tmp_path, times):
    log = read(write_log(tmp_path, "user,item,time\n" + "".join(f"a,x,{time}\n" for time in times)))
    np.testing.assert_array_equal(log.times, [float(time) for time in times])


def test_names_that_differ_in_white_space_are_one(tmp_path):
    log = read(write_log(tmp_path, "user,item,time\na,x,1\n a,y,2\na , x,3\n"))
    assert log.user_names == ("a",) and log.item_names == ("x", "y")
    np.testing.assert_array_equal(log.items, [0, 1, 0])


@pytest.mark.parametrize("sort", [False, True])
def test_repeated_rows_are_dropped_or_kept_and_counted(tmp_path, sort):
    rows = [line for line in LOG.splitlines()[1:] for _ in range(2)]
    once, whole = read(write_log(tmp_path, LOG)), len(rows) + 1
    file = open_log(write_log(tmp_path, "\n".join([LOG.splitlines()[0], *rows, "5,bob,y,1"]) + "\n"))
    dropped, kept = (read_log(file, sort=sort, on_duplicate=rule) for rule in ("drop", "keep"))
    assert dropped.duplicates == kept.duplicates == whole - len(once.users) and len(kept.log.users) == whole
    for name in ("users", "items", "times"):
        np.testing.assert_array_equal(getattr(dropped.log, name), getattr(once, name))


def test_items_taken_again_are_counted_and_do_not_make_the_sparsity_negative(tmp_path):
    """Each of three users takes each of two items three times."""
    rows = [f"{n},u{user},i{n % 2}" for user in range(3) for n in range(6)]
    made = leave_one_out(read(write_log(tmp_path, "\n".join(["time,user,item", *rows]) + "\n")))
    summary = describe(made)
    assert (summary["interactions"], summary["repeats"], summary["sparsity"]) == (18, 12, 0.0)
    np.testing.assert_array_equal(made.history(1), [0, 1, 0, 1, 0, 1])


def test_sparsity_counts_pairs(tmp_path):
    summary = describe(leave_one_out(read(write_log(tmp_path, LOG))))
    assert summary["repeats"] == 2 and summary["sparsity"] == pytest.approx(1 - 5 / 6)
