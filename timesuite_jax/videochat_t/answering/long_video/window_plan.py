"""Windows of a long video: those of the coarse pass, and the one around a span that is looked at again.

A model writes times with one decimal and reads them so, which is 0.05 s off at most: half of the interval between two
sampled frames, as long as this is at least 0.1 s. Windows begin at a frame, so that adding their start to times from
their start gives times of the video, without the part of a frame interval by which a clip's first frame may be earlier.
"""

import math

import numpy as np
from jaxtyping import Float

from timesuite_jax.timing.clips import Clip, clip_window
from timesuite_jax.timing.frames import displayed_frames

SHORTEST_INTERVAL_S = 0.1  # between sampled frames, of which the time stamps have one decimal
_MARGIN = 1.0  # on each side of a span that is looked at again, as a share of the span; at least a frame interval


def coarse_windows(
    times: Float[np.ndarray, " frames"], duration: float, window: float, clip: Clip | None
) -> list[Clip]:
    """Returns windows that overlap by half: what is shorter than half a window is in one of them as a whole.

    Args:
      times: presentation time of every frame of the video, ascending.
      duration: of the video in seconds.
      window: length of a window in seconds, above 0.
      clip: the part of the video to cover; None: all of it.
    """
    start, end = clip_window(clip, duration)
    count = max(1, math.ceil((end - start) / (window / 2)) - 1)
    starts = start + np.arange(count) * max(0.0, end - start - window) / max(1, count - 1)
    return [_from_frame(times, begin, min(begin + window, end), start) for begin in starts.tolist()]


def zoom_window(
    times: Float[np.ndarray, " frames"], span: Clip, part: Clip, *, window: float, num_frames: int
) -> Clip | None:
    """Returns the window around a span that has more frames a second than the coarse pass, or None.

    An event may begin and end up to a frame interval of the coarse pass outside its span: it is not seen in between.

    Args:
      times: presentation time of every frame of the video, ascending.
      span: start and end in seconds of the video.
      part: the part of the video that may be shown.
      window: seconds of a window of the coarse pass.
      num_frames: frames of a window.
    """
    margin = max(_MARGIN * (span[1] - span[0]), window / num_frames)
    length = max(span[1] - span[0] + 2 * margin, SHORTEST_INTERVAL_S * num_frames)
    if length >= window:
        return None
    middle = (span[0] + span[1]) / 2
    begin = max(part[0], min(middle - length / 2, part[1] - length))
    return _from_frame(times, begin, min(begin + length, part[1]), part[0])


def _from_frame(times: Float[np.ndarray, " frames"], begin: float, end: float, earliest: float) -> Clip:
    """The window from the frame that is displayed at its start on, but not before the part begins."""
    frame = float(times[displayed_frames(times, np.array([begin]))[0]])
    return max(frame, earliest), end
