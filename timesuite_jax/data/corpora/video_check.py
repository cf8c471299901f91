"""Reads and checks video files before they are stored."""

from pathlib import Path

from etils import epath

from timesuite_jax.media import Deadline, SamplingSpec, Source, VideoError, VideoIndex, sample_indexed
from timesuite_jax.storage.remote_path import absolute, is_remote

# Frames decoded to check a video; since frames depend on earlier ones, this decodes most of the file.
_FRAMES_CHECKED = 32
# Frames per second, by their times, of slide shows and of high-speed cameras' files; beyond, the times are wrong.
_MIN_RATE, _MAX_RATE = 1 / 600, 2000.0


def check_video(source: Source, name: str, deadline_s: float, *, clip: tuple[float, float] | None = None) -> VideoIndex:
    """Decodes frames spread over a video (or its clip), and returns its index.

    Raises:
      VideoError: the video cannot be used.
    """
    deadline = Deadline(name, deadline_s)
    index = sample_indexed(source, SamplingSpec(_FRAMES_CHECKED), clip=clip, name=name, deadline=deadline)[1]
    check_rate(index)
    return index


def check_rate(index: VideoIndex) -> None:
    """Checks that the times of frames can be those of a recording.

    Raises:
      VideoError: the mean frame rate is absurd.
    """
    rate = len(index) / index.duration
    if not _MIN_RATE <= rate <= _MAX_RATE:
        raise VideoError(
            index.name,
            f"has an absurd frame rate: {len(index)} frames in {index.duration:g} s",
            "correct its time stamps, or re-encode it",
            "frame_rate",
        )


def read_video(path: Path | epath.Path, name: str) -> bytes:
    """Reads a video file.

    Raises:
      VideoError: it does not exist or cannot be read.
    """
    try:
        if not is_remote(path) and path.exists() and not path.is_file():  # reading a pipe would wait for its other end
            raise VideoError(name, "is no regular file", "check the folder of videos", "not_a_file")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise VideoError(
            name, f"does not exist: there is no {absolute(path)}", "check the folder of videos", "missing"
        ) from error
    except OSError as error:
        raise VideoError(
            name, f"cannot be read ({error.strerror})", "check its type and permissions", "unreadable"
        ) from error
