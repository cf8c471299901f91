"""Rows of annotation files in the COCO form of TimeChat: {"annotations": [{image_id, ...}]}."""

from collections.abc import Iterator, Sequence

from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import Document, first_of, has_fields
from timesuite_jax.data.timepro.sources.format import Reading


def has_coco_rows(document: Document, names: Sequence[str], *, without: str | None = None) -> bool:
    """Whether a document has this form, and one of its first rows the fields.

    Args:
      document: the document.
      names: fields besides image_id.
      without: a field that they must not have.
    """
    if document.kind != "json" or not has_fields(document.value, "annotations"):
        return False
    if not isinstance(document.value["annotations"], list):
        return False
    first = first_of(coco_rows(document))
    return any(has_fields(row.value, "image_id", *names) and without not in row.value for row in first)


def coco_rows(document: Document, _: Reading | None = None) -> Iterator[Cursor]:
    """Yields the rows."""
    yield from Cursor("", document.value).field("annotations").items()
