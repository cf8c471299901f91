"""Finds the format of an interaction log and its columns: separated values, JSON lines or Parquet.

The format follows from the content: Parquet and compression from the first bytes, JSON lines from an opening brace, the
separator of a text from its header, which must contain the columns.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import pyarrow
from pyarrow import parquet

from timesuite_jax.data.interactions.columns import NAME_COLUMNS, are_positions, find_columns, strip_type
from timesuite_jax.data.interactions.json_rows import read_json_rows
from timesuite_jax.data.interactions.row_error import RowError
from timesuite_jax.data.interactions.text_rows import Row, read_rows
from timesuite_jax.data.interactions.times import parse_times
from timesuite_jax.errors import UserError
from timesuite_jax.storage.compressed import explain_read_errors, open_decompressed

Kind = Literal["text", "jsonl", "parquet"]
KINDS: tuple[Kind, ...] = ("text", "jsonl", "parquet")
SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "::": "::", "|": "bar"}
_MISSING = ("nan", "nat", "null", "none", "na", "n/a", "\\n")  # how programs write a missing value, in lower case
_MOVIELENS = {3: ("1", "2", "3"), 4: ("1", "2", "4")}  # user::item::time, user::item::rating::time; without a header


class LogFile(NamedTuple):
    """A file and where its users, items and times are.

    Attributes:
      path: of the file.
      kind: its format.
      names: of all columns.
      columns: positions of users, items and times in `names`; None for a column that the file does not have.
      separator: of fields, in a text.
      header: lines up to the end of the header of a text; 0 without one.
    """

    path: Path
    kind: Kind
    names: tuple[str, ...]
    columns: tuple[int | None, ...]
    separator: str = ""
    header: int = 0

    def describe(self) -> str:
        """Returns the format and the columns in words, e.g. "separated by tab, user_id, item_id, timestamp"."""
        kind = (
            f"separated by {SEPARATORS.get(self.separator, repr(self.separator))}" if self.kind == "text" else self.kind
        )
        named = self.kind != "text" or self.header > 0
        shown = (strip_type(self.names[n]) if named else f"column {n + 1}" for n in self.columns if n is not None)
        return f"{kind}, {'' if named else 'without a header, '}{', '.join(shown)}"


def open_log(
    path: Path,
    columns: Sequence[str] | None = None,
    *,
    kind: Kind | None = None,
    separator: str | None = None,
    optional: Sequence[str] = (),
    remedy: str = NAME_COLUMNS,
) -> LogFile:
    """Finds the format and the columns of a file.

    Args:
      path: of the file.
      columns: names or numbers of the columns of users, items and times; found by their names if not given.
      kind: the format, if not to be found.
      separator: of the fields of a text, if not to be found.
      optional: which of "user", "item" and "time" may be absent.
      remedy: how to choose other columns, for errors.

    Raises:
      UserError: if there is no such file, it cannot be read, or it lacks a column or has two of one name.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist or is not a file; give the path of a file with interactions")
    with explain_read_errors(path), open_decompressed(path) as file:
        start = file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    kind = kind or _kind(path, start)
    if kind == "parquet":
        names = _parquet_names(path)
    elif kind == "jsonl":
        first = next(read_json_rows(path), None)
        names = tuple(first.content) if first else ()
    else:
        return _open_text(path, columns, separator, optional, remedy)
    return LogFile(path, kind, names, find_columns(path, names, columns, optional, remedy))


def _kind(path: Path, start: bytes) -> Kind:
    if start.startswith(b"PAR1") or path.suffix == ".parquet":
        return "parquet"
    if start.startswith(b"["):
        raise UserError(
            f"{path} is one JSON list; write one object a line, e.g. with pandas to_json(path, orient='records', "
            "lines=True)"
        )
    return "jsonl" if start.startswith(b"{") else "text"


def _parquet_names(path: Path) -> tuple[str, ...]:
    try:
        return tuple(parquet.read_schema(path).names)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise UserError(f"cannot read {path}: {' '.join(str(error).split())}; give a Parquet file") from error


def _open_text(
    path: Path, columns: Sequence[str] | None, separator: str | None, optional: Sequence[str], remedy: str
) -> LogFile:
    candidates = [separator] if separator else list(SEPARATORS)
    firsts, errors = {}, {}
    for candidate in candidates:
        try:
            firsts[candidate] = next(read_rows(path, candidate), Row(0, []))
        except UserError as error:  # e.g. quotes that are unbalanced with this separator
            errors[candidate] = error
    if not firsts:
        raise errors[candidates[0]]
    # The separator of most fields first; where there are as many, in the order of the table.
    ranked = sorted(firsts, key=lambda candidate: -len(firsts[candidate].fields))
    best = firsts[ranked[0]]
    if columns and are_positions(columns):
        places = find_columns(path, best.fields, columns, optional, remedy)
        header = best.line if _is_label(best.fields[places[-1] or 0]) else 0
        return LogFile(path, "text", tuple(best.fields), places, ranked[0], header)
    for candidate in ranked:
        line, names = firsts[candidate]
        try:
            places = find_columns(path, names, columns, optional, remedy)
        except UserError as error:
            errors[candidate] = error
        else:
            return LogFile(path, "text", tuple(names), places, candidate, line)
    if ranked[0] == "::" and not columns and len(best.fields) in _MOVIELENS and _is_time(best.fields[-1]):
        return _open_text(path, _MOVIELENS[len(best.fields)], "::", optional, remedy)
    raise errors[ranked[0]]


def _is_label(text: str) -> bool:
    """Whether a field is the name of a column of times, rather than a time or a missing one."""
    return any(map(str.isalpha, text)) and text.strip().lower() not in _MISSING and not _is_time(text)


def _is_time(text: str) -> bool:
    try:
        parse_times(pyarrow.array([text]))
    except RowError:
        return False
    return True
