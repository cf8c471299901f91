"""UCF-101: `trainlist01.txt`, lines `Class/v_Class_g08_c01.avi 1`, and `testlist01.txt`, without the number.

The class is the folder of the video, and its number that of `classInd.txt` beside the list, less 1.
"""

import re
from collections.abc import Iterator

from timesuite_jax.data.actions.labels import beside
from timesuite_jax.data.actions.rows import RECOGNITION, action_entry, most_first
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading

_LINE = re.compile(r"((\w+)/v_\w+_g\d{2}_c\d{2}\.\w{2,4})(?:\s+(\d{1,3}))?\s*", re.ASCII)


def is_row(line: str) -> bool:
    """Whether a line is one of these lists."""
    return _LINE.fullmatch(line) is not None


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    found = _LINE.fullmatch(row.value)
    if found is None:
        raise row.wrong("'Class/v_Class_g00_c00.avi NUMBER'")
    if found[3] == "0":
        raise BadField(row.location, "has the class 0, and classes are numbered from 1")
    yield action_entry(row, found[1], found[2])


def _classes(document: Document) -> tuple[str, ...]:
    listed = beside(document, "classInd.txt")
    if listed is not None:
        return listed
    found = (_LINE.fullmatch(line) for line in document.value)
    return tuple(sorted({one[2] for one in found if one is not None}))


UCF101 = Format(
    name="ucf101",
    title="UCF-101",
    tasks=(RECOGNITION,),
    shape="lines of Class/v_Class_g00_c00.avi NUMBER, or without the number",
    reference="crcv.ucf.edu/data/UCF101.php, trainlist01.txt and classInd.txt",
    matches=lambda document: most_first(document, is_row),
    parse=_parse,
    classes=_classes,
)
