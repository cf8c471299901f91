"""Logs become data sets, and what is wrong with a log is named with its line."""

import itertools
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data import k_core, leave_one_out, read_log

# Two users' rows stand mixed, as in a log; "x" is taken twice by ann, at different times.
LOG = """time,user,item,stars
1,ann,x,5
1,bob,y,4
2,ann,y,5
3,bob,x,1
3,ann,x,5
4,ann,z,3
5,bob,y,3
"""


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "log.csv").write_text(text, encoding="utf-8")
    return tmp_path / "log.csv"


def test_leave_one_out(tmp_path):
    log = read_log(written(tmp_path, LOG))
    assert log.user_names == ("ann", "bob") and log.item_names == ("x", "y", "z")
    data = leave_one_out(log)
    np.testing.assert_array_equal(data.start, [0, 2, 3])
    np.testing.assert_array_equal(data.items, [0, 1, 1])
    np.testing.assert_array_equal(data.validation, [0, 0])
    np.testing.assert_array_equal(data.test, [2, 1])
    assert data.num_items == 3 and data.items.dtype == np.int32
    assert data.user_names == ("ann", "bob") and data.item_names == ("x", "y", "z")


def test_the_core_is_found_by_dropping_again_and_again(tmp_path):
    # cat's one item is all that keeps w, and w is all that keeps ann's z above two.
    text = LOG + "6,ann,w,1\n6,cat,w,1\n7,ann,z,1\n"
    core = k_core(read_log(written(tmp_path, text)), 2)
    assert core.user_names == ("ann", "bob") and core.item_names == ("x", "y", "z")
    named = [(core.user_names[user], core.item_names[item]) for user, item in zip(core.users, core.items, strict=True)]
    assert named == [
        ("ann", "x"), ("bob", "y"), ("ann", "y"), ("bob", "x"), ("ann", "x"), ("ann", "z"), ("bob", "y"), ("ann", "z")
    ]  # fmt: skip
    for ids in (core.users, core.items):
        assert np.bincount(ids).min() >= 2
    np.testing.assert_array_equal(core.times, [1, 1, 2, 3, 3, 4, 5, 7])


def test_parquet_and_other_names_and_orders_are_the_same_log(tmp_path):
    expected = read_log(written(tmp_path, LOG))
    rows = [line.split(",") for line in LOG.splitlines()[1:]]
    moments = [datetime.fromtimestamp(int(row[0]), UTC) for row in rows]
    for times, sort, order in (([int(row[0]) for row in rows], False, 1), (moments, True, -1)):
        columns = {"who": [row[1] for row in rows], "what": [row[2] for row in rows], "when": times}
        table = pyarrow.table({name: values[::order] for name, values in columns.items()})
        parquet.write_table(table, tmp_path / "log.parquet")
        log = read_log(tmp_path / "log.parquet", ("who", "what", "when"), sort=sort)
        np.testing.assert_array_equal(log.times, expected.times)
        named = [sorted(zip(map(log.user_names.__getitem__, log.users), map(log.item_names.__getitem__, log.items),
                            log.times, strict=True), key=str) for log in (log, expected)]  # fmt: skip
        assert named[0] == named[1]


def test_moments_mean_the_same_on_every_machine(tmp_path, monkeypatch):
    """In Berlin the clock goes back at 1:00 UTC that night; nanoseconds are finer than Python's own type."""
    instants = np.datetime64("2023-10-29T00:30:00.25", "ns") + np.arange(3) * np.timedelta64(30, "m")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        for zone, unit in itertools.product((None, "Europe/Berlin"), ("ms", "us", "ns")):
            finest = instants + np.timedelta64(unit == "ns", "ns")
            moments = pyarrow.array(finest).cast(pyarrow.timestamp(unit, zone))
            table = pyarrow.table({"user": ["a"] * 3, "item": [1, 2, 3], "time": moments})
            parquet.write_table(table, tmp_path / "log.parquet")
            log = read_log(tmp_path / "log.parquet")
            np.testing.assert_array_equal(log.times, 1698539400.25 + 1800 * np.arange(3))
    finally:
        monkeypatch.undo()
        time.tzset()


def test_bad_parquet_files_are_named(tmp_path):
    path = tmp_path / "log.parquet"
    parquet.write_table(pyarrow.table({"user": ["a", None], "item": [1, 2], "time": [1, 2]}), path)
    with pytest.raises(UserError, match=r"log.parquet, row 2 names no user"):
        read_log(path)
    with pytest.raises(UserError, match=r"log.parquet has no column rating; it must have user, item, rating"):
        read_log(path, ("user", "item", "rating"))
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError, match=r"cannot read .*log.parquet: .*; give a Parquet file"):
        read_log(path)


def test_a_log_that_is_its_own_core_stays(tmp_path):
    log = read_log(written(tmp_path, LOG))
    assert k_core(log, 1) is log


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no column user, item, time"),
        ("user,item\n", "has no column time"),
        ("user,item,time\n", "holds no interaction"),
        (LOG + "0,ann,y,1\n", "line 9: user ann goes back in time; sort the file"),
        (LOG + "5,bob,y,1\n", "line 9 stands twice: user bob, item y"),
        (LOG + "6,,y,1\n", "line 9 names no user"),
        (LOG + "6,bob\n", "line 9 names no item"),
        (LOG + "noon,bob,y,1\n", "line 9: time 'noon' is no number"),
        (LOG + "nan,bob,y,1\n", "line 9: time 'nan' is no number"),
        (LOG + "6\n", "line 9 names no user"),
    ],
)
def test_bad_logs_are_named(tmp_path, text, told):
    with pytest.raises(UserError) as caught:
        read_log(written(tmp_path, text))
    assert told in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*none\.csv"):
        read_log(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"user,item,time\n\xff,a,1\n")
    with pytest.raises(UserError, match="give a CSV file in UTF-8"):
        read_log(tmp_path / "bytes.csv")


def test_users_with_too_few_items(tmp_path):
    with pytest.raises(UserError, match=r"user cat has 1 of the 3 items .* \(1 such users\); take the 3-core"):
        leave_one_out(read_log(written(tmp_path, LOG + "6,cat,x,1\n")))


def test_an_empty_core(tmp_path):
    with pytest.raises(UserError, match="are left that have 9 interactions each; lower --core"):
        k_core(read_log(written(tmp_path, LOG)), 9)
