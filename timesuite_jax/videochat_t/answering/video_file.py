"""A video file, or a part of it, that is shown to the model without being stored in a record."""

from dataclasses import dataclass

from timesuite_jax.data.question_spans import Span


@dataclass(frozen=True)
class VideoFile:
    """A video on a disk.

    Attributes:
      path: of the file.
      name: of the video, for messages and results.
      clip: start and end, in seconds, of the part to show; None for all of it.
    """

    path: str
    name: str
    clip: Span | None = None
