"""Frame numbers of a video on an editor's time line, which has a constant frame rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Int

from timesuite_jax.edit_lists.source_video import SourceVideo
from timesuite_jax.errors import UserError
from timesuite_jax.timing.frames import FrameRange
from timesuite_jax.timing.timecode import format_timecode, is_drop_frame, parse_timecode

_NTSC = [Fraction(1000 * nominal, 1001) for nominal in (24, 30, 60, 120)]
STANDARD_RATES = sorted([*_NTSC, *map(Fraction, (24, 25, 30, 48, 50, 60, 100, 120))])
_MAX_RATE = 120


@dataclass(frozen=True)
class FrameGrid:
    """A constant frame rate, and where a video's frames are on it.

    Attributes:
      rate: frames per second.
      constant: whether the video has this rate, so that its frames are numbered one by one.
      numbers: number at which each frame of the video begins, and where the last one ends.
      start: number of the time code of the first frame.
      drop: whether time codes are drop-frame.
    """

    rate: Fraction
    constant: bool
    numbers: Int[np.ndarray, " edges"]
    start: int
    drop: bool

    def range(self, frames: FrameRange) -> FrameRange:
        """The numbers of a range of frames of the video, from 0 on."""
        return FrameRange(int(self.numbers[frames.first]), int(self.numbers[frames.end]))

    def timecode(self, number: int) -> str:
        """The time code of a number."""
        return format_timecode(number, self.rate, drop=self.drop)


def frame_grid(source: SourceVideo, ranges: Sequence[FrameRange]) -> FrameGrid:
    """The frame rate of a video, or one at which the ranges have exact cuts.

    Frame n of a video with a constant rate has number n. Otherwise a frame has the number nearest to its time, as in a
    video converted by FFmpeg's filter `fps`; the rate is the lowest standard one, not below the video's average, at
    which no frame is lost; or failing that, none at the cuts.

    Args:
      source: the video.
      ranges: half-open ranges of its frames.

    Raises:
      UserError: up to 120 frames per second, two frames at a cut have the same number.
    """
    declared = source.rate
    regular = [rate for rate in (*STANDARD_RATES, declared) if _has_timecode(rate) and abs(rate / declared - 1) < 0.002]
    for rate in sorted(regular, key=lambda rate: abs(rate - declared)):
        edges = _numbers(source, rate, origin=float(source.times[0]))
        if np.array_equal(edges[:-1], np.arange(len(source.times))):
            edges[-1] = len(source.times)
            start, drop = _first_timecode(source.timecode, rate)
            return FrameGrid(rate, True, edges, start, drop)
    fast_enough = [rate for rate in STANDARD_RATES if rate > declared * Fraction(99, 100)]
    grids = [(rate, _numbers(source, rate, origin=0.0)) for rate in fast_enough]
    for exact in (lambda edges: bool((np.diff(edges) > 0).all()), lambda edges: _exact_cuts(edges, ranges)):
        for rate, edges in grids:
            if exact(edges):
                return FrameGrid(rate, False, edges, 0, is_drop_frame(rate))
    raise UserError(
        f"{source.name} has a variable frame rate, and at up to {_MAX_RATE} frames per second time codes cannot cut it "
        "between the right frames; export to .otio, which has exact times"
    )


def _has_timecode(rate: Fraction) -> bool:
    return 1 <= rate <= _MAX_RATE and (rate.denominator == 1 or rate in _NTSC)


def _numbers(source: SourceVideo, rate: Fraction, *, origin: float) -> Int[np.ndarray, " edges"]:
    """The numbers nearest to the times of the frames and to the end of the last one, counted from the first frame.

    Args:
      source: the video.
      rate: frames per second.
      origin: second at which a number begins; FFmpeg's filter has one at the start of the file.
    """
    edges: Float[np.ndarray, " edges"] = np.append(source.times, source.duration) - origin
    numbers = np.floor(edges * float(rate) + 0.5).astype(np.int64)
    numbers -= numbers[0]
    numbers[-1] = max(numbers[-1], numbers[-2] + 1)
    return numbers


def _exact_cuts(edges: Int[np.ndarray, " edges"], ranges: Sequence[FrameRange]) -> bool:
    """Whether the first and last frame of each range, and those beside them, have numbers of their own."""
    own = np.append(np.diff(edges) > 0, True)
    return all(own[first] and own[end - 1] and (first == 0 or own[first - 1]) for first, end in ranges)


def _first_timecode(text: str | None, rate: Fraction) -> tuple[int, bool]:
    """Number and kind of a video's first time code; one that does not match its rate is not used."""
    drop = is_drop_frame(rate)
    if text is None:
        return 0, drop
    try:
        return parse_timecode(text, rate), drop and text.strip()[8] != ":"
    except UserError:
        return 0, drop
