"""Moments in Time: `trainingSet.csv` and `validationSet.csv`, lines `CLASS/VIDEO.mp4,CLASS,AGREE,DISAGREE`.

The classes are those of `moments_categories.txt` beside it, else those of the lines, sorted.
"""

import re
from collections.abc import Iterator

from timesuite_jax.data.actions.labels import beside
from timesuite_jax.data.actions.rows import RECOGNITION, action_entry, is_video, most_first
from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading

_LINE = re.compile(r"([^,]+),([^,]+),\d{1,4},\d{1,4}\s*")


def _is_row(line: str) -> bool:
    found = _LINE.fullmatch(line)
    return found is not None and is_video(found[1])


def _parse(row: Cursor, reading: Reading) -> Iterator[Found]:
    found = _LINE.fullmatch(row.value)
    if found is None:
        raise row.wrong("'CLASS/VIDEO,CLASS,AGREE,DISAGREE'")
    yield action_entry(row, Cursor(row.location, found[1]).name(), Cursor(row.location, found[2]).text())


def _classes(document: Document) -> tuple[str, ...]:
    listed = beside(document, "moments_categories.txt", "*categories*.txt")
    if listed is not None:
        return listed
    found = (_LINE.fullmatch(line) for line in document.value)
    return tuple(sorted({" ".join(one[2].split()) for one in found if one is not None}))


MOMENTS_IN_TIME = Format(
    name="moments_in_time",
    title="Moments in Time",
    tasks=(RECOGNITION,),
    shape="lines of CLASS/VIDEO,CLASS,AGREE,DISAGREE",
    reference="moments.csail.mit.edu, trainingSet.csv",
    matches=lambda document: most_first(document, _is_row),
    parse=_parse,
    classes=_classes,
)
