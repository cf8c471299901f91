"""Opens a file of rows: JSON lines, a JSON list or separated values, perhaps compressed; recognized by its content."""

from pathlib import Path

from etils import epath

from timesuite_jax.apps.finetune.csv_rows import parse_csv
from timesuite_jax.apps.finetune.json_rows import parse_json
from timesuite_jax.apps.finetune.raw_rows import RawRows
from timesuite_jax.errors import UserError
from timesuite_jax.storage.compressed import explain_read_errors, open_decompressed
from timesuite_jax.storage.foreign_files import HEAD_BYTES, describe
from timesuite_jax.storage.remote_path import to_path

_MAX_BYTES = 2**30  # decompressed; rows of a million questions have a few hundred megabytes
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def check_row_file(path: epath.PathLike) -> None:
    """Checks that there is a file of rows.

    Args:
      path: of the file, on a disk or in a bucket.

    Raises:
      UserError: there is none.
    """
    if not to_path(path).is_file():
        raise UserError(f"there is no file of rows {path}; give a JSON lines or CSV file")


def read_raw_rows(path: Path) -> RawRows:
    """Reads all rows of a file, with what is wrong with those that cannot be read.

    Args:
      path: of a `.jsonl`, `.json`, `.csv` or `.tsv` file, in UTF-8 (or UTF-16 with a byte order mark, as Excel writes
        it), compressed with gzip, bzip2, xz or not.

    Raises:
      UserError: there is no such file, it is not a text, has no rows, or its header lacks a column.
    """
    check_row_file(path)
    with explain_read_errors(path), open_decompressed(path) as file:
        data = file.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise UserError(f"{path} has more than {_MAX_BYTES} bytes of rows; split it")
    text = _decode(path, data)
    found = parse_json(path, text) if text.lstrip()[:1] in ("{", "[") else parse_csv(path, text)
    if not found.rows and not found.problems:
        raise UserError(f"{path} has no rows; give a file with at least one")
    return found


def _decode(path: Path, data: bytes) -> str:
    if (foreign := describe(data[:HEAD_BYTES])) is not None:
        raise UserError(f"{path} is {foreign[0]}, not a JSON lines or CSV file; give the file of rows")
    try:
        return data.decode("utf-16") if data.startswith(_UTF16) else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}, line {line} is not text in UTF-8 (byte {data[error.start : error.start + 1]!r}); save the file "
            "in UTF-8, in Excel as 'CSV UTF-8'"
        ) from error
