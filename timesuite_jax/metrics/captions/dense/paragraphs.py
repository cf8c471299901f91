"""CIDEr and METEOR of all captions of a video as one paragraph."""

import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from timesuite_jax.metrics.captions.cider import cider
from timesuite_jax.metrics.captions.dense.events import VideoEvents

_NOT_LETTERS = re.compile("[^a-zA-Z]+")


def paragraphs(videos: Sequence[VideoEvents], *, protocol: str) -> tuple[list[str], list[str]]:
    """Returns the predicted and the true paragraphs: words of ASCII letters in lower case.

    Args:
      videos: events of all videos.
      protocol: "paper" leaves out the videos without predictions from the predicted paragraphs only, as the original:
        later ones are compared with the truth of other videos.
    """
    kept = [video for video in videos if video.predicted is not None or protocol != "paper"]
    predicted = [". ".join(event.caption for event in video.predicted or ()) for video in kept]
    truth = [" ".join(event.caption for event in video.truth) for video in videos]
    words = ([" ".join(_NOT_LETTERS.sub(" ", text).lower().split()) for text in side] for side in (predicted, truth))
    predicted, truth = words
    return predicted, truth[: len(predicted)]


def paragraph_cider(predicted: Sequence[str], truth: Sequence[str]) -> Float[np.ndarray, " videos"]:
    """Returns CIDEr of each paragraph; 0 if no true paragraph has a word."""
    return cider(predicted, [[one] for one in truth]) if any(truth) else np.zeros(len(truth))
