"""Rows of the files of multiple-choice benchmarks: JSON, JSON lines or Parquet."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow
from pyarrow import parquet

from timesuite_jax.data.choices.choice_question import ChoiceQuestion
from timesuite_jax.data.timepro.sources.cursor import BadField, Cursor
from timesuite_jax.data.timepro.sources.document import load_document
from timesuite_jax.data.timepro.sources.format import Skipped
from timesuite_jax.errors import UserError

Found = ChoiceQuestion | Skipped


def read_rows(file: Path) -> Iterator[Cursor]:
    """Yields the rows of a file.

    Raises:
      UserError: it cannot be read, or is not of these kinds.
    """
    if file.suffix == ".parquet":
        try:
            rows = parquet.read_table(file).to_pylist()
        except (OSError, pyarrow.ArrowException) as error:
            raise UserError(f"{file} cannot be read as Parquet ({error}); download it again") from error
        for number, row in enumerate(rows):
            yield Cursor(f"[{number}]", row)
        return
    document = load_document(file)
    if document.kind != "json":
        raise UserError(f"{file} is neither JSON nor Parquet; give the official file of questions")
    yield from document.records()


def parse_rows(files: Sequence[Path], parse: Callable[[Cursor, Path], Iterable[ChoiceQuestion]]) -> Iterator[Found]:
    """Yields the questions of the rows of several files; a row that is wrong is skipped as a whole, with the reason.

    Raises:
      UserError: as `read_rows`.
    """
    for file in files:
        for row in read_rows(file):
            try:
                questions = tuple(parse(row, file))
            except BadField as error:
                yield Skipped(f"{file.name}, {error.location}", error.reason)
            else:
                yield from questions
