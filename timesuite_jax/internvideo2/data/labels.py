"""Labels of records, and the classes that they number."""

from collections.abc import Sequence

from timesuite_jax.data.corpora import Record, read_info
from timesuite_jax.data.corpora.corpus_shares import corpus_folders
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.data.clip import UNLABELLED


def label_of(record: Record, num_classes: int | None = None) -> int:
    """Returns the label of a record, `UNLABELLED` without one.

    Args:
      record: the record.
      num_classes: number of classes that labels may have; None: any.

    Raises:
      UserError: there is none although there are classes, or it is outside the classes.
    """
    if num_classes is not None and record.label is None:
        raise UserError(
            f"record {record.id} has no label, which a classifier needs; build the corpus from annotations with labels"
        )
    label = UNLABELLED if record.label is None else record.label
    if num_classes is not None and label >= num_classes:
        raise UserError(
            f"record {record.id} has the label {label}, and there are {num_classes} classes, numbered from 0; correct "
            "the number of classes, or build the corpus with the right list of classes"
        )
    return label


def classes_of(corpora: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of the classes that the labels of several corpora number; empty if none has names.

    Args:
      corpora: as `ClipDataSpec.corpora`.

    Raises:
      UserError: a corpus is missing, or two corpora have other classes or another order.
    """
    found: dict[str, tuple[str, ...]] = {}
    for folder in corpus_folders(corpora):
        if classes := read_info(folder).classes:
            found[folder] = classes
    if len(set(found.values())) > 1:
        (first, classes), *others = found.items()
        other = next(folder for folder, names in others if names != classes)
        raise UserError(
            f"the classes of {other} differ from those of {first} ({_difference(classes, found[other])}); build both "
            "with the same list, `timesuite data build --classes`"
        )
    return next(iter(found.values()), ())


def check_classes(classes: Sequence[str], known: Sequence[str], where: str) -> None:
    """Checks that the classes of a corpus are those of a head.

    Args:
      classes: of the corpus.
      known: of the head, such as of a checkpoint.
      where: of what the head is, for messages.

    Raises:
      UserError: they differ.
    """
    if tuple(classes) != tuple(known):
        raise UserError(
            f"the classes of the corpus differ from those of {where} ({_difference(known, classes)}); build the corpus "
            "with that list, `timesuite data build --classes`, or start a new head"
        )


def _difference(one: Sequence[str], other: Sequence[str]) -> str:
    if len(one) != len(other):
        return f"{len(other)} instead of {len(one)}"
    number = next(number for number, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    return f"number {number} is {other[number]!r} instead of {one[number]!r}"
