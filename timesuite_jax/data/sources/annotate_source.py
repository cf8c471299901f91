"""Reads an annotation file of any known format, as questions and answers, or as labels."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from timesuite_jax.counted import counted
from timesuite_jax.data.actions.labels import classes_of, label_action
from timesuite_jax.data.sources.detect import TIMEPRO, format_of
from timesuite_jax.data.sources.formats import FORMATS
from timesuite_jax.data.sources.read import read_document
from timesuite_jax.data.timepro.annotation import Annotation
from timesuite_jax.data.timepro.annotations import check_entries
from timesuite_jax.data.timepro.source_entry import Action, SourceEntry
from timesuite_jax.data.timepro.sources.document import Document, load_document
from timesuite_jax.data.timepro.sources.format import ReadOptions, Skipped
from timesuite_jax.data.timepro.tasks import annotate
from timesuite_jax.errors import UserError

_DEFAULT_TASK = "temporal_video_grounding"  # of ready-made questions without a task
_SHOWN = 3  # reasons that are named where a file has no samples


@dataclass(frozen=True)
class SourceAnnotations:
    """What an annotation file contains.

    Attributes:
      format: name of its format.
      task: of samples without a task of their own.
      annotations: questions and answers, in the order of the file.
      skipped: rows that are none, with the reasons.
      classes: names of the classes that labels number.
    """

    format: str
    task: str
    annotations: tuple[Annotation, ...]
    skipped: tuple[Skipped, ...]
    classes: tuple[str, ...] = ()


def annotate_source(
    path: str | Path, format: str | None = None, options: ReadOptions | None = None, *, seed: int | None = None
) -> SourceAnnotations:
    """Reads an annotation file, and writes its samples as questions and answers, or as labels.

    Args:
      path: the file, or the folder of files.
      format: name of its format; None: found from its content.
      options: which of its samples, and for which task.
      seed: chooses among the wordings of questions; None: 0.

    Raises:
      UserError: the file cannot be read or has another format, the options are not those of its format, or it has no
        samples.
    """
    document, options = load_document(Path(path)), options or ReadOptions()
    name = format_of(document, format)
    if name == TIMEPRO:
        task = options.task or _DEFAULT_TASK
        found: list[Annotation] = _ready_made(document, options, task, seed)
        skipped = [Skipped(f"key {key[:60]!r}", "is in one object twice") for key in document.repeated]
        return SourceAnnotations(name, task, tuple(found), tuple(skipped))
    if seed is not None and FORMATS[name].classes is not None:
        raise UserError(f"--seed {seed}: a file of {name} has labels, and no questions to word; leave the option out")
    found, skipped, classes = [], [], classes_of(document, FORMATS[name], options)
    numbers = {one: number for number, one in enumerate(classes)}
    for one in read_document(document, FORMATS[name], options):
        made = one if isinstance(one, Skipped) else _made(one, numbers, seed or 0)
        if isinstance(made, Skipped):
            skipped.append(made)
        else:
            found.append(made)
    if not found:
        raise UserError(f"{path}, of the format {name}, has no samples: {count_reasons(skipped) or 'no rows'}")
    task = options.task or FORMATS[name].tasks[0]
    return SourceAnnotations(name, task, tuple(found), tuple(skipped), classes)


def _made(entry: SourceEntry, classes: Mapping[str, int], seed: int) -> Annotation | Skipped:
    content = entry.content
    return label_action(entry, content, classes) if isinstance(content, Action) else annotate(entry, seed)


def _ready_made(document: Document, options: ReadOptions, task: str, seed: int | None) -> list[Annotation]:
    for option, value in (
        (f"--split {options.split}", options.split),
        (f"--annotators {options.annotators}", options.annotators),
        ("--classes", options.classes),
        (f"--seed {seed}", seed),
    ):
        if value is not None:
            raise UserError(f"{option}: {document.path} has ready-made questions; leave the option out")
    if document.kind != "json":
        raise UserError(
            f"{document.path} has no JSON, which the format {TIMEPRO} is; leave out --format, or name another"
        )
    records = [record.value for record in document.records()]
    return check_entries(document.path, records, task)


def count_reasons(skipped: Iterable[Skipped]) -> str:
    """Lists the most frequent reasons of skipped rows with their numbers; "" if there are none."""
    counts = Counter(one.reason for one in skipped).most_common()
    listed = "; ".join(f"{counted(count, 'row')}: {reason}" for reason, count in counts[:_SHOWN])
    return f"{listed}; and {len(counts) - _SHOWN} other reasons" if len(counts) > _SHOWN else listed
