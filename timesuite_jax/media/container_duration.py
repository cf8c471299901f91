"""Reads how long a video is according to its header, without reading its frames."""

import av
import av.error
from etils import epath

from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_file import OPTIONS, open_video
from timesuite_jax.storage.remote_path import is_remote, to_path


def container_duration(path: epath.PathLike) -> float:
    """Returns the seconds that the header of a video states, which can be wrong: good for estimates only.

    Args:
      path: of the file, on a disk or in a bucket.

    Returns:
      The seconds; 0 if the header states none, or the file cannot be opened.
    """
    file = to_path(path)
    try:
        if is_remote(file):
            with file.open("rb") as stream, av.open(stream, mode="r", options=OPTIONS) as container:
                duration = container.duration
        else:
            with open_video(str(file), file.name) as container:
                duration = container.duration
    except (VideoError, av.error.FFmpegError, OSError):
        return 0.0
    return max(duration or 0, 0) / 1e6  # microseconds
