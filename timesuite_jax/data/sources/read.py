"""Reads annotation files of any known format."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from timesuite_jax.data.sources.detect import TIMEPRO, format_of
from timesuite_jax.data.sources.formats import FORMATS
from timesuite_jax.data.timepro.source_entry import SourceEntry
from timesuite_jax.data.timepro.sources.document import Document, load_document
from timesuite_jax.data.timepro.sources.entries import parse_each
from timesuite_jax.data.timepro.sources.format import Format, Found, Reading, ReadOptions, Skipped
from timesuite_jax.errors import UserError


def read_source(path: str | Path, format: str | None = None, options: ReadOptions | None = None) -> Iterator[Found]:
    """Yields the samples of an annotation file, and what yields none, in the order of the file.

    Args:
      path: the file, or the folder of files.
      format: name of its format; None: found from its content.
      options: which of its samples.

    Raises:
      UserError: the file cannot be read or has another format, or the options are not those of its format.
    """
    document = load_document(Path(path))
    name = format_of(document, format)
    if name == TIMEPRO:
        raise UserError(
            f"{path} has ready-made questions, which are not written again; give a file of annotated times, or build a "
            "corpus of it with `timesuite data build`"
        )
    return read_document(document, FORMATS[name], options or ReadOptions())


def read_document(document: Document, found: Format, options: ReadOptions) -> Iterator[Found]:
    """Yields the samples of a document of a known format; see `read_source`."""
    reading = _reading(document, found, options)
    for key in document.repeated:
        yield Skipped(f"key {key[:60]!r}", "is in one object twice; only the last value is read")
    numbers = itertools.count()
    for one in parse_each(found.rows(document, reading), found.parse, reading):
        yield replace(one, number=next(numbers)) if isinstance(one, SourceEntry) else one


def _reading(document: Document, found: Format, options: ReadOptions) -> Reading:
    task = options.task or found.tasks[0]
    if task not in found.tasks:
        raise UserError(f"{document.path}: --task {task} is not one of {found.name}: {', '.join(found.tasks)}")
    if options.split is not None and not found.splits:
        raise UserError(f"--split {options.split}: a file of {found.name} has one split; leave the option out")
    if options.annotators is not None and not found.annotators:
        raise UserError(
            f"--annotators {options.annotators}: {found.name} has one rule for annotators; leave the option out"
        )
    if options.classes is not None and found.classes is None:
        raise UserError(f"--classes: a file of {found.name} has no labels; leave the option out")
    annotators = options.annotators or next(iter(found.annotators), None)
    if found.annotators and annotators not in found.annotators:
        raise UserError(
            f"--annotators {annotators} is not a rule of {found.name}; it has {', '.join(found.annotators)}"
        )
    return Reading(task, options.split, annotators)
