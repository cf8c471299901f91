"""Something-Something v1 and v2, whose classes depend on the direction of movements.

v1: lines `ID;CLASS`, in tests `ID`; the classes are those of `something-something-v1-labels.csv` beside it, sorted, or
those of the lines. v2: a JSON list of {id, label, template, placeholders}, in tests {id}; the class is the template
without brackets, numbered by `labels.json` beside it. Videos are named by the ids.
"""

import re
from collections.abc import Iterator

from timesuite_jax.data.actions.labels import beside
from timesuite_jax.data.actions.rows import RECOGNITION, action_entry, most_first
from timesuite_jax.data.timepro.annotation_file import is_text
from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading

_LINE = re.compile(r"(\d{1,9})(?:;(.*\S))?\s*")


def _matches_1(document: Document) -> bool:
    return most_first(document, _LINE.fullmatch) and any(";" in line for line in document.value[:8])


def _parse_1(row: Cursor, reading: Reading) -> Iterator[Found]:
    found = _LINE.fullmatch(row.value)
    if found is None:
        raise row.wrong("'ID;CLASS'")
    label = None if found[2] is None else Cursor(row.location, found[2]).text()
    yield action_entry(row, found[1], label, directional=True)


def _classes_1(document: Document) -> tuple[str, ...]:
    listed = beside(document, "*v1-labels.csv", "*labels.csv")
    if listed is None:
        found = (_LINE.fullmatch(line) for line in document.value)
        listed = tuple({" ".join(one[2].split()) for one in found if one is not None and one[2]})
    return tuple(sorted(listed))


def _class(template: str) -> str:
    return " ".join(template.replace("[", "").replace("]", "").split())


def _parse_2(row: Cursor, reading: Reading) -> Iterator[Found]:
    template = row.optional("template")
    label = None if template is None else _class(template.text())
    yield action_entry(row, row.field("id").name(), label, directional=True)


def _classes_2(document: Document) -> tuple[str, ...]:
    listed = beside(document, "labels.json", "*labels.json")
    if listed is not None:
        return listed
    templates = [row.value.get("template") for row in document.records() if isinstance(row.value, dict)]
    return tuple(sorted({_class(str(template)) for template in templates if is_text(template)}))


SOMETHING_1 = Format(
    name="ssv1",
    title="Something-Something v1",
    tasks=(RECOGNITION,),
    shape="lines of ID;CLASS",
    reference="something-something-v1-train.csv of the data set",
    matches=_matches_1,
    parse=_parse_1,
    classes=_classes_1,
)
SOMETHING_2 = Format(
    name="ssv2",
    title="Something-Something v2",
    tasks=(RECOGNITION,),
    shape="JSON list of {id, label, template, placeholders}",
    reference="train.json, validation.json and labels.json of the data set",
    matches=lambda document: document.has_records("id", "template", "placeholders"),
    parse=_parse_2,
    classes=_classes_2,
)
