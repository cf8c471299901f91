"""Reads NumPy files that a user supplies, without pickle and with uniform error messages."""

from pathlib import Path

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.errors import UserError


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
        # Opened here, because NumPy does not close a file that it cannot read.
        with path.open("rb") as raw:
            content = np.load(raw, allow_pickle=False)
            return dict(content) if isinstance(content, np.lib.npyio.NpzFile) else {"": content}
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist; {absent or remedy}") from error
    except Exception as error:  # NumPy raises anything on a damaged file, from TokenError to MemoryError
        raise UserError(f"cannot read {path}: {error}; {remedy}") from error
