"""Computes when frames are displayed: seconds on a player's clock, from the timestamps of their packets."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from timesuite_jax.media.frame_order import FrameOrder
from timesuite_jax.media.packet_table import NO_STAMP, PacketTable
from timesuite_jax.media.video_error import VideoError

# A few duplicate timestamps are muxer errors and the others are valid; below this share of distinct ones, times are
# computed from the frame rate.
_MIN_DISTINCT_TIMESTAMPS = 0.9
# In containers whose clocks may be reset, a larger step forward is a reset too (the threshold of FFmpeg's command).
_MAX_STEP_S = 10.0


@dataclass(frozen=True)
class Clock:
    """What a container declares about time.

    Attributes:
      time_base: seconds per unit of timestamps, 0 if unknown.
      rate: frames per second, 0 if unknown.
      start: when the first stream starts, sound included, in seconds; None if unknown.
      resets: the format allows its clock to be reset (broadcasts).
    """

    time_base: float
    rate: float
    start: float | None
    resets: bool


@dataclass(frozen=True)
class FrameTimes:
    """Times of frames in order of display.

    Attributes:
      times: seconds after the start of the container.
      duration: end of the last frame, in seconds after the start of the container.
      recordings: parts of the stream between which the container's clock was reset.
    """

    times: Float[np.ndarray, " frames"]
    duration: float
    recordings: int


def frame_times(name: str, order: FrameOrder, packets: PacketTable, clock: Clock) -> FrameTimes:
    """Assigns times to frames.

    The n-th frame displayed gets the n-th smallest timestamp of the frames' packets: containers without presentation
    times (AVI) give the times of decoding. Where the clock was reset, time continues.

    Raises:
      VideoError: the frames have neither times nor a rate.
    """
    shown = order.frames
    if order.counted:  # the frames' packets are not known
        shown = np.flatnonzero(packets.displayed)
    stamps = next((s for s in (packets.pts, packets.dts) if not np.any(s[shown] == NO_STAMP)), None)
    if stamps is None or len(shown) != len(order) or clock.time_base <= 0:
        return _by_rate(name, len(order), clock.rate)
    if len(order) > 1 and np.ptp(stamps[shown]) == 0:
        raise VideoError(name, f"has zero duration ({len(order)} frames in 0 s)", "re-encode it", "zero_duration")
    recording = _recordings(packets, clock)
    recording_of = np.maximum.accumulate(recording[shown])
    values = np.concatenate([np.sort(stamps[shown[recording_of == part]]) for part in np.unique(recording_of)])
    step = float(np.median(np.diff(values))) if len(values) > 1 else 0.0
    shift = np.zeros(len(values))
    for first in np.flatnonzero(np.diff(recording_of)) + 1:
        shift[first:] += values[first - 1] + step - values[first]
    last_part = (recording == recording_of[-1]) & (stamps != NO_STAMP) & ~packets.discarded
    # Packets without data after the last frame keep it on display.
    end = max(int(np.max((stamps + packets.duration)[last_part])), int(values[-1])) + shift[-1]
    values = values + shift
    if len(np.unique(values)) < _MIN_DISTINCT_TIMESTAMPS * len(values):
        return _by_rate(name, len(order), clock.rate or len(values) / ((end - values[0]) * clock.time_base))
    if end <= values[-1]:
        end = values[-1] + (values[-1] - values[0]) / max(len(values) - 1, 1)
    # Decoding times in place of presentation times precede them by the depth of reordering.
    begin = values[0] if packets.pts[shown[0]] == NO_STAMP else packets.pts[shown[0]]
    start = None if np.any(shift) else clock.start
    offset = 0.0 if start is None else max(begin * clock.time_base - start, 0.0)
    return FrameTimes(
        (values - values[0]) * clock.time_base + offset,
        float((end - values[0]) * clock.time_base + offset),
        len(np.unique(recording_of)),
    )


def _recordings(packets: PacketTable, clock: Clock) -> Int[np.ndarray, " P"]:
    """Numbers the parts between which the clock was reset, for every packet."""
    known = np.flatnonzero(packets.dts != NO_STAMP)
    steps = np.diff(packets.dts[known]) * clock.time_base
    reset = ((steps < 0) & packets.keyframe[known[1:]]) | (steps < -1)
    if clock.resets:
        reset |= steps > _MAX_STEP_S
    part = np.zeros(len(packets), np.int64)
    part[known[1:][reset]] = 1
    return np.cumsum(part)


def _by_rate(name: str, count: int, rate: float) -> FrameTimes:
    if rate <= 0:
        raise VideoError(name, f"has zero duration ({count} frames in 0 s)", "re-encode it", "frame_rate")
    return FrameTimes(np.arange(count) / rate, count / rate, 1)
