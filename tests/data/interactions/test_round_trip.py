"""Random logs with any characters in their names are read as they were written, in every format."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from timesuite_jax.data.interactions.log_file import open_log
from timesuite_jax.data.interactions.log_reader import read_log

# Separators, quotes, what other readers take for line ends, an escape, and letters of several bytes.
ALPHABET = [
    "a",
    "B",
    "7",
    ".",
    " ",
    ",",
    ";",
    "\t",
    "|",
    ":",
    '"',
    "'",
    "\\",
    "#",
    "é",
    "中",
    "😀",
    "\u2028",
    "\x85",
    "\f",
]
Rows = list[tuple[str, str, int]]


def random_rows(seed: int, without: str = "") -> Rows:
    """Rows of 30 users and items; names begin and end with a letter, since outer white space is not part of a name."""
    rng = np.random.default_rng(seed)
    letters = [letter for letter in ALPHABET if letter not in without]
    names = ["x" + "".join(rng.choice(letters, rng.integers(0, 8))) + "y" for _ in range(60)]
    pairs = rng.integers(0, 30, (200, 2))
    return [(names[user], names[30 + item], 10**9 + n) for n, (user, item) in enumerate(pairs)]


def check(path: Path, rows: Rows) -> None:
    log = read_log(open_log(path)).log
    found = [(log.user_names[user], log.item_names[item]) for user, item in zip(log.users, log.items, strict=True)]
    assert found == [row[:2] for row in rows] and log.times.tolist() == [row[2] for row in rows]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_quoted_text(tmp_path, separator, seed):
    rows = [(user.replace("7", "\n"), item, when) for user, item, when in random_rows(seed)]
    with gzip.open(tmp_path / "log.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerows([("user", "item", "time"), *rows])
    check(tmp_path / "log.gz", rows)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("separator", [",", "\t", ";", "|", "::"])
def test_plain_text(tmp_path, separator, seed):
    rows = random_rows(seed, without=separator[0] + '"')
    lines = [("user", "item", "time"), *rows]
    text = "".join(separator.join(map(str, row)) + "\n" for row in lines)
    (tmp_path / "log.txt").write_bytes(text.encode())
    check(tmp_path / "log.txt", rows)


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_json_lines(tmp_path, seed, ascii):
    rows = random_rows(seed)
    lines = [json.dumps(dict(zip(("user", "item", "time"), row, strict=True)), ensure_ascii=ascii) for row in rows]
    (tmp_path / "log.jsonl").write_bytes(("\n".join(lines) + "\n").encode())
    check(tmp_path / "log.jsonl", rows)


@pytest.mark.parametrize("seed", range(5))
def test_parquet(tmp_path, seed):
    rows = random_rows(seed)
    columns = dict(zip(("user", "item", "time"), zip(*rows, strict=True), strict=True))
    parquet.write_table(pyarrow.table(columns), tmp_path / "log")
    check(tmp_path / "log", rows)
