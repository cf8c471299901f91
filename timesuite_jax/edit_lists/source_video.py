"""What edit lists need of a video: the times of its frames, its rate, sound and time code."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from jaxtyping import Float

from timesuite_jax.media import index_video, open_video


@dataclass(frozen=True)
class SourceVideo:
    """A video that an edit list refers to.

    Attributes:
      path: as the list is to name it.
      times: presentation time of each frame, seconds after the start of the file.
      duration: end of the last frame.
      rate: average frames per second that the container declares, or that follow from the times.
      time_base: seconds per unit of the container's timestamps.
      sound: whether it has a sound track.
      timecode: of the first frame; None if the file has none.
    """

    path: str
    times: Float[np.ndarray, " frames"]
    duration: float
    rate: Fraction
    time_base: Fraction
    sound: bool = False
    timecode: str | None = None

    @property
    def name(self) -> str:
        """Name of the file."""
        return Path(self.path).name


def read_source(video: str | Path, path: str | None = None) -> SourceVideo:
    """Reads the times of a video's frames.

    Args:
      video: file.
      path: where the list is to look for the video; `video` by default.

    Raises:
      VideoError: the video cannot be used.
    """
    index = index_video(str(video))
    with open_video(str(video), index.name) as container:
        stream = container.streams[index.stream]
        rate, time_base = getattr(stream, "average_rate", None), stream.time_base
        tags = [stream.metadata, container.metadata, *(other.metadata for other in container.streams)]
        sound = bool(container.streams.audio)
    return SourceVideo(
        str(video) if path is None else path,
        index.times,
        index.duration,
        rate or Fraction(index.average_rate).limit_denominator(1001),
        time_base or Fraction(1, 1_000_000),
        sound,
        next((tag["timecode"] for tag in tags if "timecode" in tag), None),
    )
