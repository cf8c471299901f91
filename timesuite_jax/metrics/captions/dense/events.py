"""Events of a video with captions, and how much pairs of them overlap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Event:
    """A caption of a part of a video, in seconds."""

    start: float
    end: float
    caption: str


@dataclass(frozen=True)
class VideoEvents:
    """What was predicted for a video and what is true.

    Attributes:
      video: its name.
      predicted: predicted events in the order of the answer; None if the video is absent from the predictions.
      truth: true events, at least one.
      duration: seconds of the video; None if unknown.
    """

    video: str
    predicted: Sequence[Event] | None
    truth: Sequence[Event]
    duration: float | None = None

    def overlaps(self) -> Float[np.ndarray, "truths predictions"]:
        """Returns the IoU of each true event with each predicted one.

        Times are ordered first, and 1e-8 is added to the union, as in the original. The IoU of an event with a time
        that is not a number is NaN, which is above no threshold.
        """
        sides = (self.truth, self.predicted or ())
        truth, predicted = (np.array([(event.start, event.end) for event in side]).reshape(-1, 2) for side in sides)
        truth, predicted = (np.sort(spans, axis=1) for spans in (truth, predicted))
        starts, ends = (np.maximum.outer(truth[:, 0], predicted[:, 0]), np.minimum.outer(truth[:, 1], predicted[:, 1]))
        hull = np.maximum.outer(truth[:, 1], predicted[:, 1]) - np.minimum.outer(truth[:, 0], predicted[:, 0])
        lengths = np.add.outer(truth[:, 1] - truth[:, 0], predicted[:, 1] - predicted[:, 0])
        return np.maximum(0.0, ends - starts) / (np.minimum(hull, lengths) + 1e-8)
