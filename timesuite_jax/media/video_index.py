"""Indexes the frames of a video and their presentation times from its packets, without decoding.

Headers can be wrong (a duration of ten hours for a hundred frames, no duration, a rate of 0). One pass over the packets
gives the number of frames, the presentation time of each (for constant and variable frame rates alike), and the
keyframes at which decoding can start.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import av
import av.container
import av.error
import numpy as np
from jaxtyping import Float, Int

from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.video_error import VideoError

Source = Path | str | bytes

# A truncated mp4 still opens if its index is at the front. Containers may declare a frame or two more than they contain
# (edit lists, rounding); if more than one in fifty is missing, the file is truncated.
_MIN_PRESENT_FRAMES = 0.98
# A few duplicate timestamps are muxer errors and the others are valid; below this share of distinct ones, times are
# computed from the frame rate.
_MIN_DISTINCT_TIMESTAMPS = 0.9


@dataclass(frozen=True)
class VideoIndex:
    """Frame times and keyframes of a video.

    Attributes:
      name: file name or record id, for error messages.
      pts: presentation timestamps of the displayed frames, ascending, in the stream's time base.
      keyframe_pts: timestamps at which decoding can start, ascending.
      times: presentation time of each frame, in seconds after the first.
      duration: seconds from the first frame to the end of the last.
      average_rate: frames per second declared by the container (what `get_avg_fps` of upstream's decord returns).
      counted: timestamps are missing or duplicated, so frames are identified by their position in decoding output.
    """

    name: str
    pts: Int[np.ndarray, " frames"]
    keyframe_pts: Int[np.ndarray, " keyframes"]
    times: Float[np.ndarray, " frames"]
    duration: float
    average_rate: float
    counted: bool

    def __len__(self) -> int:
        return len(self.pts)


def open_video(source: Source, name: str) -> "av.container.InputContainer":
    """Opens a file or encoded bytes; the caller closes the container.

    Raises:
      VideoError: the file is missing, empty, unreadable, or has no video stream.
    """
    if isinstance(source, bytes):
        size, handle = len(source), io.BytesIO(source)
    else:
        path = Path(source)
        if not path.is_file():
            raise VideoError(name, "does not exist", f"check the path {path}")
        size, handle = path.stat().st_size, str(path)
    if size == 0:
        raise VideoError(name, "is empty (0 bytes)", "download it again or re-encode it")
    try:
        container = av.open(handle, mode="r")
    except PermissionError as error:
        raise VideoError(name, f"cannot be read ({_reason(error)})", "check its permissions") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(
            name,
            f"cannot be opened ({size} bytes, {_reason(error)})",
            "it is truncated or not a video: download it again or re-encode it",
        ) from error
    if not container.streams.video:
        kinds = sorted({stream.type for stream in container.streams}) or ["none"]
        container.close()
        raise VideoError(name, f"has no video stream (streams: {', '.join(kinds)})", "give a file with a video stream")
    return container


def index_video(source: Source, *, name: str | None = None, deadline: Deadline | None = None) -> VideoIndex:
    """Indexes the first video stream by reading its packets.

    Args:
      source: path or encoded bytes.
      name: name for error messages; the file name by default.
      deadline: limit of wall time; unlimited if None.

    Raises:
      VideoError: the file cannot be opened, has fewer than two frames or zero duration, is truncated, or the deadline
        passed.
    """
    name = name or (Path(source).name if not isinstance(source, bytes) else "(bytes)")
    with open_video(source, name) as container:
        stream = container.streams.video[0]
        stamps, keys, packets, last_duration = [], [], 0, 0
        try:
            for packet in container.demux(stream):
                if deadline is not None:
                    deadline.check()
                if packet.size == 0:
                    continue
                packets += 1
                if not packet.is_discard:  # trimmed by an edit list: decoded but not displayed
                    stamps.append(packet.pts)
                    last_duration = packet.duration or last_duration
                if packet.is_keyframe:
                    keys.append(packet.pts)
        except (av.error.FFmpegError, ValueError) as error:
            raise VideoError(
                name, f"is unreadable after {packets} frames ({_reason(error)})", "download it again or re-encode it"
            ) from error
        declared, rate, time_base = stream.frames, stream.average_rate, float(stream.time_base or 0)
        timeless = stream.duration == 0
    if packets < declared and timeless:
        raise _zero_duration(name, declared)
    if not stamps:
        raise VideoError(name, "has no frames", "download it again or re-encode it")
    if packets < declared * _MIN_PRESENT_FRAMES:
        raise VideoError(
            name, f"is truncated: {packets} of {declared} frames are present", "download it again or re-encode it"
        )
    if len(stamps) == 1:
        raise VideoError(name, "has a single frame", "give a video of at least two frames")
    return _index(name, stamps, keys, last_duration * time_base, float(rate or 0), time_base)


def _index(name, stamps, keys, last_duration, rate, time_base) -> VideoIndex:
    stamped = None not in stamps and None not in keys and bool(keys) and time_base > 0
    if (stamped and len(set(stamps)) == 1) or (not stamped and rate <= 0):
        raise _zero_duration(name, len(stamps))
    counted = not stamped or len(set(stamps)) < len(stamps)
    timed = stamped and len(set(stamps)) >= _MIN_DISTINCT_TIMESTAMPS * len(stamps)
    if timed:
        pts = np.sort(np.asarray(stamps, np.int64))
        times = (pts - pts[0]) * time_base
    else:
        if rate <= 0:  # there are timestamps then, many of them duplicates
            rate = len(stamps) / ((max(stamps) - min(stamps)) * time_base + last_duration)
        times = np.arange(len(stamps)) / rate
        last_duration = 1 / rate
    if counted:
        pts, keys = np.arange(len(stamps)), [0]
    mean_step = times[-1] / (len(times) - 1)
    return VideoIndex(
        name=name,
        pts=pts,
        keyframe_pts=np.sort(np.asarray(keys, np.int64)),
        times=times,
        duration=float(times[-1] + (last_duration if last_duration > 0 else mean_step)),
        average_rate=rate if rate > 0 else 1 / mean_step,
        counted=counted,
    )


def _zero_duration(name: str, frames: int) -> VideoError:
    return VideoError(name, f"has zero duration ({frames} frames in 0 s)", "re-encode it")


def _reason(error: BaseException) -> str:
    """Returns FFmpeg's message without the error number and the path."""
    return str(getattr(error, "strerror", None) or error).strip().rstrip(".")
