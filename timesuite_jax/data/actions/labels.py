"""Numbers the labels of a source by its list of classes."""

from collections.abc import Mapping
from pathlib import Path

from timesuite_jax.data.actions.class_list import read_class_list
from timesuite_jax.data.timepro.annotation import AnnotatedSpans, Annotation
from timesuite_jax.data.timepro.source_entry import Action, SourceEntry
from timesuite_jax.data.timepro.sources.document import Document
from timesuite_jax.data.timepro.sources.format import Format, ReadOptions, Skipped
from timesuite_jax.errors import UserError
from timesuite_jax.suggestions import did_you_mean


def classes_of(document: Document, found: Format, options: ReadOptions) -> tuple[str, ...]:
    """Returns the names of the classes of a document: those that the user gives, or those of its format.

    Raises:
      UserError: a list of classes beside the document is damaged.
    """
    if options.classes is not None:
        return options.classes
    return () if found.classes is None else found.classes(document)


def beside(document: Document, *patterns: str) -> tuple[str, ...] | None:
    """Reads the list of classes in the folder of a document; None if there is none.

    Args:
      document: the document.
      patterns: of the name of the list, the preferred ones first.

    Raises:
      UserError: there are several, or it is damaged.
    """
    folder = document.path.parent
    for pattern in patterns:
        files = sorted(path for path in folder.glob(pattern) if path.is_file() and path != document.path)
        if len(files) > 1:
            names = ", ".join(path.name for path in files)
            raise UserError(f"{folder} has several lists of classes ({names}); choose one with --classes")
        if files:
            return read_class_list(Path(files[0]))
    return None


def label_action(entry: SourceEntry, action: Action, classes: Mapping[str, int]) -> Annotation | Skipped:
    """Numbers the label of an entry; skips one whose label is outside the classes.

    Args:
      entry: the entry.
      action: its content.
      classes: numbers of the classes by their names; empty if the names are not known.
    """
    label = action.label
    if isinstance(label, str):
        if label not in classes:
            hint = did_you_mean(label, classes)
            return Skipped(
                entry.location, f"has the class {label!r}, which is not among the {len(classes)} classes" + _also(hint)
            )
        label = classes[label]
    if label is not None and classes and label >= len(classes):
        return Skipped(entry.location, f"has the label {label}, and there are {len(classes)} classes, numbered from 0")
    return Annotation(
        entry.number, entry.video, (), entry.task, entry.clip, AnnotatedSpans(), label, action.directional
    )


def _also(hint: str) -> str:
    return f", {hint}" if hint else ""
