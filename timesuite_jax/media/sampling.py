"""Samples T frames of a video, with a timestamp each.

`clock="pts"` (new runs) divides the *duration* of the video or clip into T equal segments and selects the frame
displayed at the middle (or at a random time) of each; its timestamp is its presentation time, which is correct for any
frame rate. `clock="index"` follows upstream: segments of frame numbers, timestamps of frame number / average rate.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int, UInt8

from timesuite_jax.errors import UserError
from timesuite_jax.media.chosen_frames import decode_chosen
from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.decode import DEFAULT_DEADLINE_S
from timesuite_jax.media.frame_choice import evaluation_indices
from timesuite_jax.media.frame_converter import Resize
from timesuite_jax.media.index_clock import CORRECT_CLIP, Place, choose_by_index, window
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_file import Source
from timesuite_jax.media.video_index import VideoIndex
from timesuite_jax.timing.clips import Clip, clip_duration, clip_seconds, clip_window
from timesuite_jax.timing.frames import displayed_frames

Clock = Literal["pts", "index"]


@dataclass(frozen=True)
class SamplingSpec:
    """Number of frames, position within each segment, and clock."""

    num_frames: int
    place: Place = "middle"  # "grid" is upstream's evaluation rule, for clock="index" only
    clock: Clock = "pts"
    each_second: bool = False  # the grid on the frames displayed at whole seconds, whose timestamps these are

    def __post_init__(self):
        if self.place == "grid" and self.clock == "pts":
            raise ValueError("place='grid' is upstream's evaluation rule and needs clock='index', got clock='pts'")

    @classmethod
    def from_variant(cls, variant: str, num_frames: int) -> "SamplingSpec":
        """Looks up a named variant.

        `middle`, `random` (new runs), `upstream_{middle,random,evaluation}`, `upstream_each_second` (parity).
        """
        table: dict[str, tuple[Place, Clock]] = {
            "middle": ("middle", "pts"),
            "random": ("random", "pts"),
            "upstream_middle": ("middle", "index"),
            "upstream_random": ("random", "index"),
            "upstream_evaluation": ("grid", "index"),
        }
        if variant == "upstream_each_second":
            return cls(num_frames, each_second=True)
        if variant not in table:
            known = ", ".join((*table, "upstream_each_second"))
            raise UserError(f"unknown sampling {variant!r}; choose one of {known}")
        place, clock = table[variant]
        return cls(num_frames, place, clock)

    @property
    def deterministic(self) -> bool:
        """Whether the same video always yields the same frames."""
        return self.place != "random"


@dataclass(frozen=True)
class SampledVideo:
    """T frames of a video with their timestamps, in seconds from the start of the video or clip.

    Attributes:
      frames: not normalised.
      seconds: time of each frame.
      duration: seconds of the video or clip.
      video_duration: seconds of the video.
    """

    frames: UInt8[np.ndarray, "T H W 3"]
    seconds: Float[np.ndarray, " T"]
    duration: float
    video_duration: float


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
    """Selects T frames of a video by their presentation times.

    Args:
      times: presentation time of every frame, in seconds, ascending.
      duration: of the video, in seconds.
      average_rate: frames per second, used by clock="index".
      spec: number of frames and sampling rule.
      clip: (start, end) in seconds to sample from; the whole video if None.
      rng: generator of random sampling.
      name: name of the video, for error messages.

    Returns:
      Frame numbers, ascending, repeated if the video is short; and their timestamps in seconds from the clip's start.

    Raises:
      ValueError: random sampling without `rng`.
      VideoError: the clip is outside the video; with clock="index" also if it has no frame, or if a chosen frame is
        past the end of the video. With clock="pts", a clip that ends after the video ends with it.
    """
    if clip is not None:
        check_clip(name, duration, clip)
    if spec.place == "random" and rng is None:
        raise ValueError("random sampling needs rng")
    if spec.clock == "index":
        return choose_by_index(len(times), average_rate, spec.num_frames, spec.place, clip=clip, rng=rng, name=name)
    start, end = clip_window(clip, duration)
    if spec.each_second:
        # Upstream's Video-MME (eval/eval_qa_tasks.ipynb): JPEGs that were extracted once a second.
        moments = evaluation_indices(spec.num_frames, max(1, math.ceil(end - start))).astype(np.float64)
        return displayed_frames(times, start + moments), moments
    within = np.full(spec.num_frames, 0.5) if rng is None or spec.deterministic else rng.random(spec.num_frames)
    moments = start + (np.arange(spec.num_frames) + within) / spec.num_frames * (end - start)
    numbers = displayed_frames(times, moments)
    return numbers, clip_seconds(times[numbers], clip)


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
    """Opens a video, samples frames and decodes them.

    Args:
      source: path or encoded bytes.
      spec: number of frames and sampling rule.
      clip: (start, end) in seconds to sample from; timestamps are relative to its start. The whole video if None.
      rng: generator of random sampling; unused otherwise.
      resize: see `decode_frames`.
      threads: decoder threads.
      deadline_s: limit of wall time for indexing and decoding, in seconds.
      name: name for error messages; the path by default.

    Raises:
      ValueError: random sampling without `rng`.
      VideoError: the video cannot be used; the message has the reason and the remedy.
    """
    name = name or (str(source) if not isinstance(source, bytes) else "(bytes)")
    deadline = Deadline(name, deadline_s)
    return sample_indexed(
        source, spec, clip=clip, rng=rng, resize=resize, threads=threads, deadline=deadline, name=name
    )[0]


def sample_indexed(
    source: Source,
    spec: SamplingSpec,
    *,
    name: str,
    deadline: Deadline,
    clip: Clip | None = None,
    rng: np.random.Generator | None = None,
    resize: Resize | None = None,
    threads: int = 1,
) -> tuple[SampledVideo, VideoIndex]:
    """Samples frames like `sample_video`, and returns the index of the video as well."""
    frames, seconds, index = decode_chosen(
        source,
        lambda index: choose_from_index(index, spec, clip=clip, rng=rng),
        name=name,
        deadline=deadline,
        resize=resize,
        threads=threads,
    )
    duration = index.duration
    if spec.clock == "index":  # counts from the first frame, whenever the sound starts
        duration -= float(index.times[0])
    return SampledVideo(frames, seconds, clip_duration(clip, duration), duration), index


def choose_from_index(
    index: VideoIndex, spec: SamplingSpec, *, clip: Clip | None = None, rng: np.random.Generator | None = None
) -> tuple[Int[np.ndarray, " T"], Float[np.ndarray, " T"]]:
    """Applies `choose_frames` to an indexed video."""
    return choose_frames(index.times, index.duration, index.average_rate, spec, clip=clip, rng=rng, name=index.name)


def check_clip(name: str, duration: float, clip: Clip) -> None:
    """Checks that a clip has a part of its video.

    Raises:
      VideoError: it is empty, or starts after the end of the video.
    """
    start, end = clip
    if not 0 <= start < end or start >= duration:
        raise VideoError(name, f"has no clip {window(clip)} (its duration is {duration:.1f} s)", CORRECT_CLIP, "clip")
