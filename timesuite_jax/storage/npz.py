"""Files of NumPy arrays that a user supplies: read without pickle, and whatever is wrong with them told alike."""

from pathlib import Path

import numpy as np

from timesuite_jax.errors import UserError


def read_arrays(path: Path, remedy: str, *, absent: str | None = None) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` by name; that of an `.npy` as "".

    Args:
      path: of the file.
      remedy: what to give instead of a file that cannot be read.
      absent: what to do if there is no file, where that is something else.

    Raises:
      UserError: if it cannot be read.
    """
    try:
        # Opened here: NumPy leaves a file that it cannot read open.
        with path.open("rb") as raw:
            content = np.load(raw, allow_pickle=False)
            return dict(content) if isinstance(content, np.lib.npyio.NpzFile) else {"": content}
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist; {absent or remedy}") from error
    except Exception as error:  # of a damaged file NumPy raises anything, from TokenError to MemoryError
        raise UserError(f"cannot read {path}: {error}; {remedy}") from error
