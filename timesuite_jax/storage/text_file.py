"""Reads text files that a user supplies, with uniform error messages."""

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import to_path


def read_text(path: epath.PathLike, what: str) -> str:
    """Returns the text of a file in UTF-8; a byte order mark, which editors on Windows write, is left out.

    Args:
      path: on a disk or in a bucket.
      what: the file should be, "a list of videos".

    Raises:
      UserError: it cannot be read, or is not UTF-8.
    """
    try:
        return to_path(path).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        value = error.object[error.start]
        raise UserError(
            f"{path} is not text in UTF-8 (byte {value:#04x} at {error.start}); save {what} as UTF-8"
        ) from error
    except OSError as error:
        raise UserError(f"cannot read {path}: {error}; give {what}") from error
