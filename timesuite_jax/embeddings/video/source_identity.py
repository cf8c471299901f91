"""Identity of a video's file, by which stored features of it are recognized."""

import hashlib
from typing import Any

from etils import epath

from timesuite_jax.storage.remote_path import to_path

PART = 1 << 20  # bytes at the start, in the middle and at the end


def source_identity(path: epath.PathLike) -> dict[str, Any]:
    """Returns the size and a SHA-256 digest of a file, as JSON values; neither depends on its name or place.

    The digest is of the whole file up to three parts of 1 MiB, of larger ones of the first, the middle and the last
    part: checking thousands of videos in a bucket takes minutes, not a download. The index of a video, at its start or
    its end, has the sizes of all its frames.

    Raises:
      OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with to_path(path).open("rb") as file:
        size = file.seek(0, 2)
        starts = (0, (size - PART) // 2, size - PART) if size > 3 * PART else (0, PART, 2 * PART)
        for start in starts:
            file.seek(start)
            digest.update(file.read(PART))
    return {"bytes": size, "sha256": digest.hexdigest()}
