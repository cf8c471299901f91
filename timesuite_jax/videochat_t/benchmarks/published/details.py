"""What a published benchmark reports beside its metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from timesuite_jax.data.sources import Skipped, count_reasons


def source_details(
    frames: Sequence[int], missing: Sequence[str], unreadable: Sequence[Skipped], sizes: Mapping[str, int]
) -> dict[str, Any]:
    """Returns what was shown and what could not be, as JSON values.

    Args:
      frames: number of different frames that the model saw for each question, at least one.
      missing: videos that do not exist.
      unreadable: rows of the annotation files that are wrong.
      sizes: number of questions of each official split.
    """
    return {
        "frames_shown": {"least": min(frames), "median": float(np.median(frames)), "most": max(frames)},
        "missing_videos": len(missing),
        "names_of_missing_videos": list(missing),
        "unreadable_rows": len(unreadable),
        "reasons_of_unreadable_rows": count_reasons(unreadable),
        "official_sizes": dict(sizes),
    }
