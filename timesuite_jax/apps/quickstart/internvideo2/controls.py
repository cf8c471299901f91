"""Controls of a classifier of videos: what it recognizes in frames without their order, or in one of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import google_crc32c
import numpy as np
from jaxtyping import UInt8

from timesuite_jax.data.corpora import Record
from timesuite_jax.internvideo2.action.classifier import Classifier, VideoClasses, VideoViews
from timesuite_jax.internvideo2.data.clip import Clip

Control = Literal["shuffled", "one_frame"]


class ControlledClassifier:
    """See `timesuite_jax.evaluation.Predictor`; a classifier whose clips are changed before it sees them.

    Args:
      classifier: the model.
      control: "shuffled" permutes the frames of each clip; "one_frame" repeats a random one in place of all. Both are
        drawn from the name of the video.
    """

    def __init__(self, classifier: Classifier, control: Control) -> None:
        self._classifier = classifier
        self._control: Control = control

    @property
    def settings(self) -> Mapping[str, Any]:
        """Those of the model, and the control."""
        return {**self._classifier.settings, "control": self._control}

    def prepare(self, prompt: Record) -> VideoViews:
        """Decodes the views of a record, and changes them.

        Raises:
          UserError: the video cannot be used, or its label is outside the classes.
        """
        views = self._classifier.prepare(prompt)
        rng = np.random.default_rng(google_crc32c.value(prompt.id.encode()))
        return VideoViews(views.name, Clip(changed(views.clip.frames, self._control, rng), views.clip.label))

    def predict(self, inputs: Sequence[VideoViews], batch_size: int) -> list[VideoClasses]:
        """Classifies a batch of videos."""
        return self._classifier.predict(inputs, batch_size)


def changed(
    frames: UInt8[np.ndarray, "views F H W 3"], control: Control, rng: np.random.Generator
) -> UInt8[np.ndarray, "views F H W 3"]:
    """Clips with their frames in a random order, or with one of them in place of all."""
    views, count = frames.shape[:2]
    if control == "shuffled":
        places = np.stack([rng.permutation(count) for _ in range(views)])
    else:
        places = np.repeat(rng.integers(count, size=(views, 1)), count, axis=1)
    return np.take_along_axis(frames, places[:, :, None, None, None], axis=1)
