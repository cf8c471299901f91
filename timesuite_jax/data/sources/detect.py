"""Finds the format of an annotation file from its content."""

from pathlib import Path

from timesuite_jax.data.sources.formats import FORMATS
from timesuite_jax.data.timepro.sources.document import Document, load_document
from timesuite_jax.errors import UserError
from timesuite_jax.suggestions import did_you_mean

TIMEPRO = "timepro"  # records with questions and answers, which `read_annotations` reads
FORMAT_NAMES = (TIMEPRO, *FORMATS)


def detect_format(path: str | Path) -> str:
    """Returns the name of the format of a file or folder.

    Raises:
      UserError: it cannot be read, or has none of the known formats, or could have several.
    """
    return format_of(load_document(Path(path)), None)


def format_of(document: Document, name: str | None) -> str:
    """Returns the name of a document's format.

    Args:
      document: the document.
      name: the format that the user has chosen; None: find it.

    Raises:
      UserError: there is no such format, the document does not have it, or it has none or could have several.
    """
    if name is not None and name not in FORMAT_NAMES:
        hint = did_you_mean(name, FORMAT_NAMES)
        raise UserError(f"unknown format {name!r}{f', {hint}' if hint else ''}; known: {', '.join(FORMAT_NAMES)}")
    found = [known for known, one in FORMATS.items() if one.matches(document)]
    if document.has_records("video|image", "QA") or (not found and document.has_records("video|QA")):
        found.insert(0, TIMEPRO)
    if name == TIMEPRO or (name is not None and name in found):
        return name
    if name is not None:
        looks = f"it looks like {' or '.join(found)}" if found else "it has none of the known formats"
        raise UserError(f"{document.path} does not have the format {name}, {FORMATS[name].shape}; {looks}")
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"{document.path} could have the formats {', '.join(found)}; choose one with --format")
    raise UserError(
        f"{document.path} has none of the known formats ({', '.join(FORMAT_NAMES)}); docs/annotations.md describes them"
    )
