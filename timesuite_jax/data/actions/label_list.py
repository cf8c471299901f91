"""Lists of videos with the numbers or names of their classes, as InternVideo2, UniFormerV2 and others write them.

Labels: lines `PATH LABEL`, separated by a comma, a tab, a semicolon or spaces; Kinetics-710 is published so. Labels are
numbers from 0, or, not after spaces, names. Pretraining: lines `SOURCE PATH TOTAL START END TARGET` of InternVideo2's
K-Mash, separated by spaces, in seconds, -1 for the whole video; the number at the end is not used, since each source
has its own classes. Clips of Something-Something are never mirrored.
"""

import re
from collections.abc import Iterator

from timesuite_jax.data.actions.rows import PRETRAINING, RECOGNITION, action_entry, is_video, most_first
from timesuite_jax.data.actions.ucf101 import is_row as is_ucf101
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.database import rows_of_split
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading, Skipped
from timesuite_jax.errors import UserError

_SEPARATED = re.compile(r"([^,;\t]*[^,;\t\s])\s*[,;\t]\s*([^,;\t]*\S)\s*")
_SPACED = re.compile(r"(.*\S)\s+(-?\d{1,6})\s*")
_NUMBER = r"(-?\d{1,9}(?:\.\d{1,9})?)"
_CLIP = re.compile(rf"(\S+) (\S+) {_NUMBER} {_NUMBER} {_NUMBER} (-?\d{{1,9}})\s*")
_DIRECTIONAL = ("ssv1", "ssv2", "sthv1", "sthv2")


def _columns(line: str) -> tuple[str, str] | None:
    found = _SEPARATED.fullmatch(line) or _SPACED.fullmatch(line)
    return None if found is None else (found[1], found[2])


def _is_label_row(line: str) -> bool:
    columns = _columns(line)
    return columns is not None and is_video(columns[0]) and not is_ucf101(line) and _CLIP.fullmatch(line) is None


def _parse_label(row: Cursor, reading: Reading) -> Iterator[Found]:
    columns = _columns(row.value)
    if columns is None:
        raise row.wrong("'PATH LABEL'")
    path, label = columns
    if label.startswith("-") and label[1:].isdecimal():
        raise BadField(row.location, f"has the label {label}; labels are numbered from 0")
    name = Cursor(row.location, label).text()
    yield action_entry(row, Cursor(row.location, path).name(), int(label) if label.isdecimal() else name)


def _classes(document: Document) -> tuple[str, ...]:
    """Names of the classes; none if labels are numbers.

    Raises:
      UserError: labels of both kinds; "0" beside names may be a number or the name of a class.
    """
    first: dict[bool, str] = {}  # whether it is a number -> the first label
    names = set()
    for row in document.records():
        if (columns := _columns(row.value)) is None:
            continue
        name = " ".join(columns[1].split())
        number = name.lstrip("-").isdecimal()
        first.setdefault(number, f"{row.location} has the label {name!r}")
        if not number:
            names.add(name)
    if len(first) > 1:
        raise UserError(
            f"{first[True]}, a number, and {first[False]}, a name; list the classes in the order of their numbers with "
            "--classes, or write labels of one kind"
        )
    return tuple(sorted(names))


def _clip_rows(document: Document, reading: Reading) -> Iterator[Cursor | Skipped]:
    def source(row: Cursor) -> str:
        return row.value.split(" ", 1)[0]

    if reading.split is None:
        return document.records()
    return rows_of_split(document, reading, document.records, source)


def _parse_clip(row: Cursor, reading: Reading) -> Iterator[Found]:
    found = _CLIP.fullmatch(row.value)
    if found is None:
        raise row.wrong("'SOURCE PATH TOTAL START END TARGET'")
    source, path = found[1], found[2]
    total, start, end = (float(found[number]) for number in (3, 4, 5))
    whole = -1 in (total, start, end)
    if not whole and not (0 <= start < end and total > 0):
        raise BadField(row.location, f"has the time {start:g} to {end:g} of {total:g} s, not two seconds in order")
    yield action_entry(
        row,
        path,
        None,
        clip=None if whole else (start, end),
        duration=None if total <= 0 else total,
        directional=source.lower() in _DIRECTIONAL,
        task=PRETRAINING,
    )


LABEL_LIST = Format(
    name="label_list",
    title="Kinetics-710, and own lists",
    tasks=(RECOGNITION,),
    shape="lines of PATH and LABEL, separated by a comma, a tab, a semicolon or spaces",
    reference="github.com/OpenGVLab/UniFormerV2, DATASET.md",
    matches=lambda document: most_first(document, _is_label_row),
    parse=_parse_label,
    classes=_classes,
)
K_MASH = Format(
    name="pretraining_list",
    title="K-Mash, and other lists for pretraining",
    tasks=(PRETRAINING,),
    shape="lines of SOURCE PATH TOTAL START END TARGET",
    reference="github.com/OpenGVLab/InternVideo, InternVideo2/single_modality/datasets/mae_multi.py",
    matches=lambda document: most_first(document, lambda line: _CLIP.fullmatch(line)),
    rows=_clip_rows,
    parse=_parse_clip,
    splits=True,
)
