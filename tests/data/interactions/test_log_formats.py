"""One log in every format is read the same: separators, JSON lines, Parquet, RecBole, MovieLens, compressed files."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
from pyarrow import csv, parquet

from timesuite_jax.data.interactions import InteractionLog
from timesuite_jax.data.interactions.history_file import read_histories
from timesuite_jax.data.interactions.log_file import open_log
from timesuite_jax.data.interactions.log_reader import read_log
from timesuite_jax.errors import UserError

ROWS = [(f"u{n % 7}", f"i{n % 5}", n / 2, 1387670400 + n) for n in range(40)]
EXPECTED = {f"u{user}": [f"i{n % 5}" for n in range(40) if n % 7 == user] for user in range(7)}


def separated(separator: str, header: tuple[str, ...] | None = ("user", "item", "rating", "time")) -> bytes:
    rows = [*([header] if header else []), *ROWS]
    return "".join(separator.join(map(str, row)) + "\n" for row in rows).encode()


def jsonl(names: tuple[str, ...] = ("user", "item", "rating", "time")) -> bytes:
    return "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in ROWS).encode()


RECBOLE = ("user_id:token", "item_id:token", "rating:float", "timestamp:float")
TEXTS = {
    "log.csv": separated(","),
    "log.tsv": separated("\t"),
    "log.txt": separated("\t"),
    "semicolons.csv": separated(";"),
    "colons.dat": separated("::"),
    "bars.txt": separated("|"),
    "ratings.dat": separated("::", None),
    "log.inter": separated("\t", RECBOLE),
    "movielens.csv": separated(",", ("userId", "movieId", "rating", "timestamp")),
    "capitals.csv": separated(";", ("USER_ID", "Item ID", "Rating", "Timestamp")),
    "blank.csv": b"\n\n" + separated(","),
    "white_space.csv": b"  \n" + separated(",") + b"\n \t \n\n",
    "white_space.dat": separated("::", header=False).replace(b"\n", b"\n  \n", 1),
    "mark.csv": b"\xef\xbb\xbf" + separated(","),
    "windows.csv": separated("\t").replace(b"\n", b"\r\n"),
    "quoted.csv": separated(";", ('"user"', '"item"', '"some; rating"', '"time"')),
    "log.jsonl": jsonl(),
    "log.json": jsonl(("user_id", "business_id", "stars", "date")),
    "amazon.json": jsonl(("reviewerID", "asin", "overall", "unixReviewTime")),
}


def histories(log: InteractionLog) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for user, item in zip(log.users, log.items, strict=True):
        found.setdefault(log.user_names[user], []).append(log.item_names[item])
    return found


def check(path: Path, *columns: str) -> None:
    log = read_log(open_log(path, columns or None)).log
    assert histories(log) == EXPECTED and log.times.tolist() == [row[3] for row in ROWS]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress], ids=["", "gz", "bz2", "xz"])
@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_read(tmp_path, name: str, compress: Callable[[bytes], bytes]):
    path = tmp_path / (name if compress is bytes else name + ".gz")
    path.write_bytes(compress(TEXTS[name]))
    check(path)
    if not name.endswith(".json") and name != "ratings.dat":
        assert read_histories(path) == EXPECTED


@pytest.mark.parametrize("name", ["log.parquet", "without_suffix"])
def test_parquet_is_recognised_by_its_content(tmp_path, name):
    users, items, ratings, times = zip(*ROWS, strict=True)
    dictionary = pyarrow.array(items).dictionary_encode()
    table = pyarrow.table({"user_id": users, "rating": ratings, "parent_asin": dictionary, "timestamp": times})
    parquet.write_table(table, tmp_path / name, row_group_size=7)
    check(tmp_path / name)
    assert read_histories(tmp_path / name) == EXPECTED


@pytest.mark.parametrize("separator", [",", "\t", ";", "::", "|"])
def test_columns_by_number_need_no_header(tmp_path, separator):
    for header in (None, ("wer", "was", "wie", "wann")):
        (tmp_path / "log.txt").write_bytes(separated(separator, header))
        check(tmp_path / "log.txt", "1", "2", "4")
    assert "without a header" not in open_log(tmp_path / "log.txt", ("1", "2", "4")).describe()


def test_a_format_and_a_separator_can_be_named(tmp_path):
    (tmp_path / "log.parquet").write_bytes(separated("~"))
    log = read_log(open_log(tmp_path / "log.parquet", kind="text", separator="~")).log
    assert histories(log) == EXPECTED


@pytest.mark.parametrize("columns", [RECBOLE[:2] + RECBOLE[3:], ("user_id", "item_id", "timestamp")])
def test_columns_of_recbole_are_named_with_or_without_their_types(tmp_path, columns):
    (tmp_path / "log.inter").write_bytes(TEXTS["log.inter"])
    check(tmp_path / "log.inter", *columns)
    assert open_log(tmp_path / "log.inter").describe() == "separated by tab, user_id, item_id, timestamp"


def test_other_columns_may_have_any_values(tmp_path):
    lines = [
        {"user": "a", "item": 7, "time": 1, "helpful": [0, 1], "verified": True},
        {"time": 2, "item": 8, "user": "a"},
    ]
    (tmp_path / "log.jsonl").write_text("\n\n".join(map(json.dumps, lines)))
    assert histories(read_log(open_log(tmp_path / "log.jsonl")).log) == {"a": ["7", "8"]}


def test_separators_within_names_are_rejected_or_quoted(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text("user::item::time\na::Toy Story: 2::1\na::x::2\n")
    assert histories(read_log(open_log(path)).log) == {"a": ["Toy Story: 2", "x"]}
    path.write_text("user;item;time\na;so; what;1\n")
    with pytest.raises(UserError, match=r"line 2 has more fields than the header has columns; quote names .* ';'"):
        read_log(open_log(path))
    path.write_text('user;item;time\na;"so; what";1\n')
    assert histories(read_log(open_log(path)).log) == {"a": ["so; what"]}


HEADLESS = "196\t242\t3\t881250949\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"who;what;when\n", "has no column user, item, time; its columns are who, what, when; name those of users"),
        (b"user\titem\ttimes\n", "has no column time; its columns are user, item, times; did you mean 'times'. name"),
        (HEADLESS.encode(), "its columns are 196, 242, 3, 881250949; name .* has no header, e.g. --columns 1,2,4"),
        (b"user,asin,parent_asin,time\n", "each of the columns asin, parent_asin may be the item; name those"),
        (b'{"user": 1, "item": 2, "at": 3}\n', "has no column time; its columns are user, item, at; name"),
        (b'[{"user": 1}]', r"is one JSON list; write one object a line, e.g. with pandas to_json\(path"),
        (b'{"user": 1, "item": 2, "time": 3}\n{"user":\n', "line 2 is not JSON: .*; write one object a line"),
        (b'{"user": 1, "item": 2, "time": 3}\n[1]\n', "line 2 is not an object"),
        (b'{"user": 1, "item": 2, "time": 3}\n{"user": 1, "time": 3}\n', "line 2: item is empty"),
        (b'{"user": 1, "item": 2, "time": 3}\n{"user": 1, "item": [2], "time": 3}\n', r"line 2: item \[2\] is neither"),
        (b'{"user": 1, "item": "\\ud800", "time": 3}\n', "cannot read .*surrogates not allowed"),
        (b"PK\x03\x04 and so on", "is a zip archive, as .npz and .xlsx files are; give a file of text"),
        (gzip.compress(separated(","), mtime=0)[:-30], "cannot read .*: Compressed file ended"),
        (gzip.compress(separated(","), mtime=0)[:-12] + b"\0" * 12, "cannot read .*"),
        (b"PAR1 and no more", "cannot read .*; give a Parquet file"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read_are_explained(tmp_path, content, message):
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_log(open_log(tmp_path / "log"))


def test_numbers_beyond_the_columns_are_rejected(tmp_path):
    (tmp_path / "log.txt").write_text(HEADLESS)
    with pytest.raises(UserError, match=r"log.txt has 4 columns \(196, 242, 3, 881250949\), no column 5"):
        open_log(tmp_path / "log.txt", ("1", "2", "5"))


def test_members_of_a_compressed_file_are_all_read(tmp_path):
    """As `cat a.gz b.gz` makes; Arrow reads the file by itself."""
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(separated(",")[:200]) + gzip.compress(separated(",")[200:]))
    check(tmp_path / "log.csv.gz")


def test_arrow_is_used_for_compressed_files(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(
        csv, "open_csv", lambda *args, _open=csv.open_csv, **named: opened.append(1) or _open(*args, **named)
    )
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(separated(",")))
    check(tmp_path / "log.csv.gz")
    assert opened


@pytest.mark.parametrize("suffix", ["gz", "bz2", "zst", "lz4"])
def test_a_text_is_read_whatever_its_suffix(tmp_path, suffix):
    path = tmp_path / f"log.csv.{suffix}"
    path.write_bytes(separated(","))
    assert len(read_log(open_log(path)).log.users) == len(ROWS)


@pytest.mark.parametrize("time", ["", "NaN", "null", "\\N", "01/07/2014"])
def test_a_first_row_without_a_valid_time_is_not_taken_for_a_header(tmp_path, time):
    path = tmp_path / "log.csv"
    path.write_text(f"a,b,{time}\na,c,2\n")
    with pytest.raises(UserError, match="line 1: time"):
        read_log(open_log(path, ("1", "2", "3")))


def test_a_missing_log_and_a_folder_are_rejected(tmp_path):
    for path in (tmp_path, tmp_path / "absent.csv"):
        with pytest.raises(UserError, match="does not exist or is not a file; give the path"):
            open_log(path)
