"""The most likely classes of video files."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from timesuite_jax.data.corpora import Record
from timesuite_jax.internvideo2.action.classifier import Classifier


@dataclasses.dataclass(frozen=True)
class VideoClassification:
    """A video with its most likely classes.

    Attributes:
      video: path of the file.
      classes: names and probabilities, the most likely first; a class without a name has its number.
    """

    video: str
    classes: Sequence[tuple[str, float]]

    def as_json(self) -> dict[str, Any]:
        """Returns the classes as JSON values."""
        return {"video": self.video, "classes": [{"name": name, "probability": part} for name, part in self.classes]}


def classify(
    classifier: Classifier, videos: Sequence[str | Path], names: Sequence[str], *, top: int, batch_size: int
) -> list[VideoClassification]:
    """Classifies files.

    Args:
      classifier: the model.
      videos: paths.
      names: of all classes; none: numbers are used.
      top: number of classes of each video.
      batch_size: videos at a time.

    Raises:
      UserError: a video cannot be used.
    """
    found = []
    for first in range(0, len(videos), batch_size):
        views = [classifier.prepare(_record(Path(video))) for video in videos[first : first + batch_size]]
        for made in classifier.predict(views, batch_size):
            best = np.argsort(-made.probabilities, kind="stable")[:top].tolist()
            named = [str(names[number]) if names else str(number) for number in best]
            classes = list(zip(named, made.probabilities[best].astype(float).tolist(), strict=True))
            found.append(VideoClassification(made.name, classes))
    return found


def _record(path: Path) -> Record:
    """A file as a record without a label."""
    video = path.read_bytes()
    return Record(id=str(path), corpus="", task="", turns=(), duration=0.0, video=video, source=str(path))
