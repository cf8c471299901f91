"""From a video to T frames with their times.

`clock="pts"` (new runs) divides the *time* of the video or clip into T equal segments and takes the frame on display at
the middle (or at a random moment) of each, with the presentation time of that very frame as its stamp: right for any
frame rate. `clock="index"` is the original: segments of frame numbers, stamps of number / average rate.
"""

import math
import random
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int, UInt8

from timesuite_jax.errors import UserError
from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.decode import DEFAULT_DEADLINE_S, Resize, decode_frames
from timesuite_jax.media.frame_choice import evaluation_indices, middle_indices, random_indices, upstream_seconds
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_index import Source, VideoIndex, index_video

Clip = tuple[float, float]
Place = Literal["middle", "random", "grid"]
Clock = Literal["pts", "index"]


@dataclass(frozen=True)
class SamplingSpec:
    """How many frames, where in each segment, and by which clock."""

    num_frames: int
    place: Place = "middle"  # grid: the original's evaluation, clock="index" only
    clock: Clock = "pts"

    def __post_init__(self):
        if self.place == "grid" and self.clock == "pts":
            raise ValueError("place='grid' is the original's evaluation rule; it needs clock='index'")

    @classmethod
    def from_variant(cls, variant: str, num_frames: int) -> "SamplingSpec":
        """`middle` and `random` for new runs; `upstream_{middle,random,evaluation}` as the original."""
        table: dict[str, tuple[Place, Clock]] = {
            "middle": ("middle", "pts"),
            "random": ("random", "pts"),
            "upstream_middle": ("middle", "index"),
            "upstream_random": ("random", "index"),
            "upstream_evaluation": ("grid", "index"),
        }
        if variant not in table:
            raise UserError(f"unknown sampling {variant!r}; known: {', '.join(table)}")
        place, clock = table[variant]
        return cls(num_frames, place, clock)

    @property
    def deterministic(self) -> bool:
        """Whether the same video always gives the same frames."""
        return self.place != "random"


@dataclass(frozen=True)
class SampledVideo:
    """T frames of a video and their seconds, counted from the start of the video or clip."""

    frames: UInt8[np.ndarray, "T H W 3"]
    seconds: Float[np.ndarray, " T"]
    duration: float


def choose_frames(
    times: Float[np.ndarray, " frames"],
    duration: float,
    average_rate: float,
    spec: SamplingSpec,
    *,
    clip: Clip | None = None,
    rng: np.random.Generator | None = None,
    name: str = "(video)",
) -> tuple[Int[np.ndarray, " T"], Float[np.ndarray, " T"]]:
    """Chooses T of the N frames shown at `times` (seconds, ascending).

    Returns:
      (frame numbers, ascending, repeated where the video is short; seconds of each, from the start of the clip).

    Raises:
      VideoError: the clip lies outside the video.
    """
    if clip is not None:
        _check_clip(name, duration, clip)
    if spec.place == "random" and rng is None:
        raise ValueError("random sampling needs rng")
    if spec.clock == "index":
        return _by_index(len(times), average_rate, spec, clip, rng)
    start, end = clip or (0.0, duration)
    end = min(end, duration)
    within = np.full(spec.num_frames, 0.5) if rng is None or spec.deterministic else rng.random(spec.num_frames)
    moments = start + (np.arange(spec.num_frames) + within) / spec.num_frames * (end - start)
    # A frame is on display from its own time until the next one's.
    numbers = np.maximum(np.searchsorted(times, moments, side="right") - 1, 0)
    # The frame on display when a clip starts may have appeared before it: its stamp is the clip's start.
    return numbers, np.maximum(times[numbers] - start, 0.0)


def sample_video(
    source: Source,
    spec: SamplingSpec,
    *,
    clip: Clip | None = None,
    rng: np.random.Generator | None = None,
    resize: Resize | None = None,
    threads: int = 1,
    deadline_s: float = DEFAULT_DEADLINE_S,
    name: str | None = None,
) -> SampledVideo:
    """Opens, samples and decodes a video (path or encoded bytes).

    Args:
      source: path or bytes.
      spec: which frames.
      clip: (start, end) seconds to look at; stamps count from its start.
      rng: needed by random sampling alone.
      resize: see `decode_frames`.
      threads: decoder threads.
      deadline_s: wall seconds that this video may take in all.
      name: for messages; the file name by default.

    Raises:
      VideoError: the video cannot be used; the message says why and what to do.
    """
    name = name or (str(source) if not isinstance(source, bytes) else "(bytes)")
    deadline = Deadline(name, deadline_s)
    index = index_video(source, name=name, deadline=deadline)
    numbers, seconds = choose_from_index(index, spec, clip=clip, rng=rng)
    frames = decode_frames(source, index, numbers, resize=resize, threads=threads, deadline=deadline)
    return SampledVideo(frames, seconds, _shown_duration(index.duration, clip))


def choose_from_index(
    index: VideoIndex, spec: SamplingSpec, *, clip: Clip | None = None, rng: np.random.Generator | None = None
) -> tuple[Int[np.ndarray, " T"], Float[np.ndarray, " T"]]:
    """`choose_frames` of an indexed video."""
    return choose_frames(index.times, index.duration, index.average_rate, spec, clip=clip, rng=rng, name=index.name)


def _by_index(frame_count, rate, spec, clip, rng):
    offset, clip_start = 0, None
    if clip is not None:
        clip_start, end = clip
        offset = min(int(clip_start * rate), frame_count - 1)
        frame_count = max(min(int((end - clip_start) * rate), frame_count - offset), 1)
    if spec.place == "grid":
        numbers = evaluation_indices(spec.num_frames, frame_count)
    elif spec.place == "middle":
        numbers = middle_indices(spec.num_frames, frame_count)
    else:
        seed = int(rng.integers(2**63))
        numbers = random_indices(spec.num_frames, frame_count, choose=random.Random(seed), permutation=rng.permutation)
    numbers = np.minimum(numbers, frame_count - 1) + offset
    return numbers, np.asarray(upstream_seconds(numbers, rate, clip_start=clip_start))


def _check_clip(name: str, duration: float, clip: Clip) -> None:
    start, end = clip
    if not 0 <= start < end or start >= duration:
        window = f"from {start:g} s to its end" if math.isinf(end) else f"from {start:g} to {end:g} s"
        raise VideoError(name, f"has no clip {window} (it lasts {duration:.1f} s)", "correct start and end")


def _shown_duration(duration: float, clip: Clip | None) -> float:
    return duration if clip is None else min(clip[1], duration) - clip[0]
