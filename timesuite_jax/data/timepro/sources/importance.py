"""The moments that summarise a video, from the importance of its frames.

TVSum and SumMe rate every frame; a summary of both has at most 15 % of the video by their protocol. The moments are the
2-second shots with the highest mean importance that make up 15 %, in order of time, each at its start.
"""

import numpy as np
from jaxtyping import Float

from timesuite_jax.data.timepro.source_entry import Highlights

SHOT_S = 2.0
SUMMARY_SHARE = 0.15


def summary(importance: Float[np.ndarray, " N"], rate: float) -> Highlights:
    """Returns the moments of a summary.

    Args:
      importance: of each frame, the mean over annotators; not all zero.
      rate: frames a second.

    Returns:
      At least one moment, and none with importance 0; scores on the scale of `importance`.
    """
    edges = np.round(np.arange(0, len(importance), SHOT_S * rate)).astype(int)
    edges = np.unique(edges[edges < len(importance)])
    scores = np.add.reduceat(importance, edges) / np.diff([*edges, len(importance)])
    count = max(1, int(SUMMARY_SHARE * len(edges)))
    chosen = [shot for shot in sorted(np.argsort(-scores, kind="stable")[:count]) if scores[shot] > 0]
    times = tuple(round(float(edges[shot]) / rate, 3) for shot in chosen)
    return Highlights("", times, tuple(float(scores[shot]) for shot in chosen))
