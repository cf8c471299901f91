"""HMDB-51: a folder with `CLASS_test_split1.txt` to `split3` of each class, lines `VIDEO.avi 1`.

The number is 1 for training, 2 for testing, and 0 where the video is in neither part of that split. `--split` names the
part and the split: train1, test1, train2 ...; "all" is every video once.
"""

import re
from collections.abc import Iterator

from timesuite_jax.data.actions.rows import RECOGNITION, action_entry
from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading, Skipped
from timesuite_jax.errors import UserError

_FILE = re.compile(r"(.+)_test_split([123])\.txt")
_LINE = re.compile(r"(.*\S)\s+([012])\s*")
_PARTS = {"1": "train", "2": "test"}
_ALL = "all"
_SPLITS = tuple(f"{part}{number}" for number in "123" for part in _PARTS.values())


def _files(document: Document) -> list[re.Match[str]]:
    if document.kind != "folder":
        return []
    return [found for name in document.value if (found := _FILE.fullmatch(name)) is not None]


def _rows(document: Document, reading: Reading) -> Iterator[Cursor | Skipped]:
    if reading.split not in (*_SPLITS, _ALL):
        given = "several splits" if reading.split is None else f"no split {reading.split!r}"
        raise UserError(f"{document.path} has {given}: choose one of {', '.join(_SPLITS)} or {_ALL} with --split")
    split = "1" if reading.split == _ALL else reading.split[-1]
    for found in _files(document):
        if found[2] != split:
            continue
        text = (document.path / found[0]).read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            location = f"{found[0]}, line {number}"
            row = _LINE.fullmatch(line)
            if row is None and line.strip():
                yield Skipped(location, f"is {line[:60]!r}, not 'VIDEO 0|1|2'")
            elif row is not None and reading.split in (_ALL, f"{_PARTS.get(row[2])}{split}"):
                yield Cursor(location, row[1], found[1])
            elif row is not None:
                part = _PARTS.get(row[2])
                where = "in neither part of the split" if part is None else f"in {part}{split}"
                yield Skipped(location, f"{where}, not {reading.split}", excluded=True)


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    yield action_entry(row, row.name(), row.key)


HMDB51 = Format(
    name="hmdb51",
    title="HMDB-51",
    tasks=(RECOGNITION,),
    shape="a folder of CLASS_test_split1.txt with lines of VIDEO 0|1|2",
    reference="serre-lab.clps.brown.edu, testTrainMulti_7030_splits",
    matches=lambda document: bool(_files(document)),
    rows=_rows,
    parse=_parse,
    splits=True,
    classes=lambda document: tuple(sorted({found[1] for found in _files(document)})),
)
