"""The entries of official annotation files, and how many an official split has."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from timesuite_jax.data.sources import FORMATS, ReadOptions, Skipped, count_reasons
from timesuite_jax.data.sources.read import read_document
from timesuite_jax.data.timepro.source_entry import SourceEntry
from timesuite_jax.data.timepro.sources.document import Document, load_document
from timesuite_jax.errors import UserError


@dataclass(frozen=True)
class AnnotatedExample:
    """One entry of an annotation file; `id` is the file's name with the number of the entry."""

    id: str
    entry: SourceEntry


@dataclass(frozen=True)
class AnnotationFiles:
    """What the annotation files of a benchmark contain.

    Attributes:
      examples: their entries, in order.
      unreadable: rows that yield no entry because something is wrong with them.
      checksums: SHA-256 of each file by its name.
    """

    examples: tuple[AnnotatedExample, ...]
    unreadable: tuple[Skipped, ...]
    checksums: Mapping[str, str]

    def categories(self, example: str) -> tuple[str, ...]:
        """Returns the name of the file that an example is from, as its category; none where there is one file."""
        return (example.rpartition("#")[0],) if len(self.checksums) > 1 else ()

    @property
    def rows(self) -> int:
        """Number of examples that the files are meant to have."""
        return len(self.examples) + len(self.unreadable)


def read_annotation_files(
    benchmark: str, files: Sequence[Path], formats: Sequence[str], options: ReadOptions
) -> AnnotationFiles:
    """Reads annotation files.

    Args:
      benchmark: its name, for messages.
      files: at least one, with different names.
      formats: names of the formats that a file may have.
      options: which of its samples, and for which task.

    Raises:
      UserError: a file cannot be read, has another format, or has no usable row; or two have one name.
    """
    checksums = file_checksums(files)
    examples: list[AnnotatedExample] = []
    unreadable: list[Skipped] = []
    for file in files:
        document = load_document(file)
        for found in read_document(document, FORMATS[_format(benchmark, document, formats)], options):
            if isinstance(found, SourceEntry):
                examples.append(AnnotatedExample(f"{file.name}#{found.number}", found))
            elif not found.excluded:
                unreadable.append(found)
    if not examples:
        names = ", ".join(map(str, files))
        raise UserError(f"{names} has nothing to ask for {benchmark}: {count_reasons(unreadable) or 'no rows'}")
    return AnnotationFiles(tuple(examples), tuple(unreadable), checksums)


def file_checksums(files: Sequence[Path]) -> dict[str, str]:
    """Computes the SHA-256 of each file, by its name.

    Raises:
      UserError: a file does not exist, or two have one name.
    """
    if repeated := [name for name, count in Counter(file.name for file in files).items() if count > 1]:
        raise UserError(f"two annotation files are named {repeated[0]}, which results identify them by; rename one")
    checksums = {}
    for file in files:
        if not file.is_file():
            raise UserError(f"there is no annotation file {file}; check the path")
        with file.open("rb") as content:
            checksums[file.name] = hashlib.file_digest(content, "sha256").hexdigest()
    return checksums


def coverage_note(count: int, rows: int, sizes: Mapping[str, int]) -> str:
    """Describes what a score is over if that is less than an official split; "" if it is all of one.

    Args:
      count: number of examples that were scored.
      rows: number of examples of the annotation files.
      sizes: number of examples of each official split; empty if unknown.
    """
    unofficial = bool(sizes) and rows not in sizes.values()
    if count == rows and not unofficial:
        return ""
    return f"{count} of {rows}{', no official split' if unofficial else ''}"


def _format(benchmark: str, document: Document, formats: Sequence[str]) -> str:
    for name in formats:
        if FORMATS[name].matches(document):
            return name
    shapes = "; ".join(FORMATS[name].shape for name in formats)
    raise UserError(f"{document.path} is no annotation file of {benchmark}, which are: {shapes}")
