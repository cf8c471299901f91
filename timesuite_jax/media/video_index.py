"""The frames of a video and when each is shown, read from its packets without decoding anything.

Headers lie (a duration of ten hours over a hundred frames, no duration at all, a rate of 0), packets do not: one pass
over them gives the number of frames, the presentation time of each (so a variable frame rate is nothing special), and
where decoding may start.
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

# An mp4 cut off in transit still opens when its index is at the front. Containers may promise a frame or two more than
# they hold (edit lists, rounding); more than one in fifty is damage.
_PROMISED_FRAMES_THAT_MUST_EXIST = 0.98
# A stamp that stands twice is a slip of the muxer and the others tell the time; where many do, only the rate does.
_DISTINCT_STAMPS_THAT_TELL_TIME = 0.9

# FFmpeg turns frames of no duration into frames one tick apart.
_SHORTEST_S = 0.01


@dataclass(frozen=True)
class VideoIndex:
    """What is known of a video before decoding.

    Attributes:
      name: file name or record id, for messages.
      pts: presentation stamps of the shown frames, ascending, in units of the stream.
      keyframe_pts: those at which decoding may start, ascending.
      times: seconds of each frame after the first.
      duration: seconds from the first frame to the end of the last.
      average_rate: frames a second as the container states it (what `get_avg_fps` of the original's reader returns).
      counted: stamps are absent or stand twice, frames are told apart by counting.
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
    """Opens a file or encoded bytes; the caller closes.

    Raises:
      VideoError: missing, empty, unreadable, or without a video stream.
    """
    if isinstance(source, bytes):
        size, handle = len(source), io.BytesIO(source)
    else:
        path = Path(source)
        if not path.is_file():
            raise VideoError(name, "does not exist", f"check the path {path}")
        size, handle = path.stat().st_size, str(path)
    if size == 0:
        raise VideoError(name, "is empty (0 bytes)", "download or encode it again")
    try:
        container = av.open(handle, mode="r")
    except PermissionError as error:
        raise VideoError(name, f"cannot be read ({_reason(error)})", "check its permissions") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(
            name,
            f"cannot be opened ({size} bytes, {_reason(error)})",
            "it is cut off or not a video; download or encode it again",
        ) from error
    if not container.streams.video:
        kinds = sorted({stream.type for stream in container.streams}) or ["none"]
        container.close()
        raise VideoError(name, f"has no video stream (streams: {', '.join(kinds)})", "give a file with a video track")
    return container


def index_video(source: Source, *, name: str | None = None, deadline: Deadline | None = None) -> VideoIndex:
    """Reads the packets of the first video stream.

    Raises:
      VideoError: no frame, one frame, no extent in time, cut off, or slower than the deadline.
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
                if not packet.is_discard:  # cut away by an edit list: decoded, never shown
                    stamps.append(packet.pts)
                    last_duration = packet.duration or last_duration
                if packet.is_keyframe:
                    keys.append(packet.pts)
        except (av.error.FFmpegError, ValueError) as error:
            raise VideoError(
                name, f"breaks off after {packets} frames ({_reason(error)})", "download or encode it again"
            ) from error
        promised, rate, time_base = stream.frames, stream.average_rate, float(stream.time_base or 0)
        timeless = stream.duration == 0
    if packets < promised and timeless:
        raise _no_extent(name, promised)
    if not stamps:
        raise VideoError(name, "holds no frame", "download or encode it again")
    if packets < promised * _PROMISED_FRAMES_THAT_MUST_EXIST:
        raise VideoError(name, f"is cut off: {packets} of {promised} frames are there", "download or encode it again")
    if len(stamps) == 1:
        raise VideoError(name, "has a single frame", "give a video of at least two frames")
    return _index(name, stamps, keys, last_duration * time_base, float(rate or 0), time_base)


def _index(name, stamps, keys, last_duration, rate, time_base) -> VideoIndex:
    stamped = None not in stamps and None not in keys and bool(keys) and time_base > 0
    if (stamped and len(set(stamps)) == 1) or (not stamped and rate <= 0):
        raise _no_extent(name, len(stamps))
    counted = not stamped or len(set(stamps)) < len(stamps)
    timed = stamped and len(set(stamps)) >= _DISTINCT_STAMPS_THAT_TELL_TIME * len(stamps)
    if timed:
        pts = np.sort(np.asarray(stamps, np.int64))
        times = (pts - pts[0]) * time_base
    else:
        if rate <= 0:  # then there are stamps, though many stand twice
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


def _no_extent(name: str, frames: int) -> VideoError:
    return VideoError(name, f"has no extent in time ({frames} frames in 0 s)", "encode it again")


def _reason(error: BaseException) -> str:
    """FFmpeg's own words, without the error number and the path around them."""
    return str(getattr(error, "strerror", None) or error).strip().rstrip(".")
