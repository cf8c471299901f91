"""The most likely classes of video files."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from timesuite_jax import parallel
from timesuite_jax.data.corpora import Record
from timesuite_jax.internvideo2.action.classifier import Classifier, VideoClasses, VideoViews
from timesuite_jax.media import VideoError


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
) -> Iterator[VideoClassification | VideoError]:
    """Classifies files; yields, in their order and a batch at a time, the classes of each, or why it cannot be used.

    Args:
      classifier: the model.
      videos: paths, the same in all processes.
      names: of all classes; none: numbers are used.
      top: number of classes of each video.
      batch_size: videos at a time.
    """
    for first in range(0, len(videos), batch_size):
        views = [_views(classifier, Path(video)) for video in videos[first : first + batch_size]]
        usable = [one for one in views if not isinstance(one, VideoError)]
        # All processes compute as long as one of them can use a video of the batch.
        computes = "1" in parallel.allgather_strings(["1" if usable else "0"])
        made = iter(classifier.predict(usable, batch_size) if computes else ())
        for one in views:
            yield one if isinstance(one, VideoError) else _named(next(made), names, top)


def _views(classifier: Classifier, path: Path) -> VideoViews | VideoError:
    """The views of a file, or why it cannot be used."""
    try:
        return classifier.prepare(_record(path))
    except VideoError as error:
        return error
    except OSError as error:
        return VideoError(str(path), f"cannot be read ({error})", "check its permissions and the disk", "unreadable")


def _named(made: VideoClasses, names: Sequence[str], top: int) -> VideoClassification:
    best = np.argsort(-made.probabilities, kind="stable")[:top].tolist()
    named = [str(names[number]) if names else str(number) for number in best]
    return VideoClassification(
        made.name, list(zip(named, made.probabilities[best].astype(float).tolist(), strict=True))
    )


def _record(path: Path) -> Record:
    """A file as a record without a label."""
    video = path.read_bytes()
    return Record(id=str(path), corpus="", task="", turns=(), duration=0.0, video=video, source=str(path))
