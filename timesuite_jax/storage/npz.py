"""Reads NumPy files that a user supplies, without pickle and with uniform error messages."""

from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.errors import UserError

_STARTS = (b"\x93NUMPY", b"PK\x03\x04", b"PK\x05\x06")  # of an array, of an archive, of an empty archive


def read_arrays(path: Path, remedy: str, *, absent: str | None = None) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Returns the arrays of an `.npz` by name, or the array of an `.npy` under the name "".

    Args:
      path: of the file.
      remedy: what to do if the file cannot be read, for the message.
      absent: what to do if the file does not exist; `remedy` if not given.

    Raises:
      UserError: if it cannot be read.
    """
    try:
        return load_arrays(path)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist; {absent or remedy}") from error
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {error}; {remedy}") from error


def load_arrays(path: Path) -> dict[str, Shaped[np.ndarray, "..."]]:
    """Returns the arrays as `read_arrays` does.

    Raises:
      OSError: the file cannot be opened or read.
      ValueError: saying what is wrong with its content.
    """
    # Opened here, because NumPy does not close a file that it cannot read.
    with path.open("rb") as raw:
        start = raw.read(len(max(_STARTS, key=len)))
        if not start:
            raise ValueError("it is empty")
        if not start.startswith(_STARTS):  # NumPy would take it for a pickle, and advise to load it as one
            raise ValueError("it is not a NumPy file")
        raw.seek(0)
        try:
            content = np.load(raw, allow_pickle=False)
            arrays = dict(content) if isinstance(content, np.lib.npyio.NpzFile) else {"": content}
        except OSError:
            raise
        except Exception as error:  # NumPy raises anything on a damaged file, from TokenError to MemoryError
            pickled = "allow_pickle" in str(error)
            raise ValueError("it has Python objects, not only numbers" if pickled else f"{error}") from error
    if strange := [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]:
        raise ValueError(f"its {strange[0]!r} is not an array")
    return arrays
