"""Reads and checks video files before they are stored."""

from pathlib import Path

from etils import epath

from timesuite_jax.media import Deadline, SamplingSpec, Source, VideoError, VideoIndex, sample_indexed
from timesuite_jax.storage.remote_path import absolute

# Frames decoded to check a video; since frames depend on earlier ones, this decodes most of the file.
_FRAMES_CHECKED = 32


def check_video(source: Source, name: str, deadline_s: float, *, clip: tuple[float, float] | None = None) -> VideoIndex:
    """Decodes frames spread over a video (or its clip), and returns its index.

    Raises:
      VideoError: the video cannot be used.
    """
    deadline = Deadline(name, deadline_s)
    return sample_indexed(source, SamplingSpec(_FRAMES_CHECKED), clip=clip, name=name, deadline=deadline)[1]


def read_video(path: Path | epath.Path, name: str) -> bytes:
    """Reads a video file.

    Raises:
      VideoError: it does not exist or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise VideoError(name, f"does not exist: there is no {absolute(path)}", "check the folder of videos") from error
    except OSError as error:
        raise VideoError(name, f"cannot be read ({error.strerror})", "check its type and permissions") from error
