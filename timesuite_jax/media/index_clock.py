"""Selects frames of a video, or of a clip, by frame number, as upstream does; see `frame_choice` for the rules."""

import math
import random
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from timesuite_jax.media.frame_choice import evaluation_indices, middle_indices, random_indices, uses_permutation
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.timing.clips import Clip
from timesuite_jax.timing.rounding import Rounding
from timesuite_jax.timing.upstream_stamps import evaluation_frames, index_seconds, training_frames

Place = Literal["middle", "random", "grid"]

CORRECT_CLIP = "correct start and end"


def choose_by_index(
    frame_count: int,
    rate: float,
    num_frames: int,
    place: Place,
    *,
    clip: Clip | None,
    rng: np.random.Generator | None,
    name: str,
) -> tuple[Int[np.ndarray, " T"], Float[np.ndarray, " T"]]:
    """Selects frames as `sampling.choose_frames` with clock="index".

    Upstream computes the frames of a clip from its seconds and does not limit them to the video: where all chosen
    frames exist it goes on, otherwise its decoder fails and it replaces the sample. Here the clip is an error. Its
    evaluation grid ends with the video.

    Args:
      frame_count: frames of the video.
      rate: average frames per second.
      num_frames: T.
      place: rule.
      clip: start and end in seconds; None for the whole video.
      rng: generator of random sampling.
      name: of the video, for messages.

    Raises:
      VideoError: the clip has no frame, or a chosen frame is past the end of the video.
    """
    start = None if clip is None else clip[0]
    if place == "grid":
        # The rule of its evaluations with clips, which on a whole video is that of its other evaluations.
        first, last = evaluation_frames(clip, frame_count, rate)
        numbers = evaluation_indices(num_frames, last + 1, first=first)
        return numbers, index_seconds(numbers, rate, clip_start=start)
    offset, count = training_frames(clip, frame_count, rate)
    if count < 1:
        raise VideoError(
            name, f"has no frame in its clip {window(clip)} at {rate:g} frames per second", CORRECT_CLIP, "clip"
        )
    rounding: Rounding = "numpy"
    if place == "middle":
        numbers = middle_indices(num_frames, count)
    else:
        assert rng is not None  # checked by `choose_frames`
        choose = random.Random(int(rng.integers(2**63)))
        numbers = random_indices(num_frames, count, choose=choose, permutation=rng.permutation)
        rounding = "numpy" if uses_permutation(num_frames, count) else "python"
    numbers = numbers + offset
    if numbers[-1] >= frame_count:
        raise VideoError(
            name,
            f"has no frame {numbers[-1]}, which its clip {window(clip)} needs (it has {frame_count} frames)",
            f"{CORRECT_CLIP}, or choose data.sampling='middle' or 'random', which end a clip with its video",
            "clip",
        )
    return numbers, index_seconds(numbers, rate, clip_start=start, rounding=rounding)


def window(clip: Clip | None) -> str:
    """Describes a clip in messages."""
    start, end = clip or (0.0, math.inf)
    return f"from {start:g} s to its end" if math.isinf(end) else f"from {start:g} to {end:g} s"
