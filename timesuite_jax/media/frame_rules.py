"""Named rules for choosing frames: at random in training, the middle in validation, one of several views in tests.

| name | follows |
|---|---|
| `sparse` | InternVideo2 on Kinetics, MiT, ActivityNet, HACS |
| `segments` | InternVideo2 on Something-Something and HMDB-51 (segments of TSN) |
| `dense8` | a frame of every 8, or of any number: InternVideo2 on UCF-101 (`dense4`) |
| `pretraining` | InternVideo2's stage 1 and its distillation |
| `middle` | the middle of each segment, also in training |
| `intervals` | `get_frame_indices` of InternVideo2's stage 2 and of VideoChat2 |
| `fps2` | `get_frame_indices` at 2 frames a second, or any rate: the first T frames, padded with the last one |
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from timesuite_jax.errors import UserError
from timesuite_jax.media import action_frames as action
from timesuite_jax.media.frame_choice import middle_indices, random_indices, rate_indices
from timesuite_jax.suggestions import did_you_mean

Numbers = Int[np.ndarray, " T"]
_PARAMETRIC = re.compile(r"(dense)([1-9]\d{0,3})|(fps)(\d{1,3}(?:\.\d{1,4})?)")


@dataclass(frozen=True)
class FrameRule:
    """How T of N frames are chosen.

    Attributes:
      random: (N, T, frames per second, generator) to frame numbers.
      middle: (N, T, frames per second) to frame numbers.
      view: (N, T, frames per second, view, number of views) to frame numbers.
      deterministic: whether `random` draws nothing.
      views: the largest number of views; None: any.
    """

    random: Callable[[int, int, float, np.random.Generator], Numbers]
    middle: Callable[[int, int, float], Numbers]
    view: Callable[[int, int, float, int, int], Numbers]
    deterministic: bool = False
    views: int | None = None


_RULES = {
    "sparse": FrameRule(
        lambda n, t, _, rng: action.sparse_random(n, t, rng),
        lambda n, t, _: action.sparse_view(n, t, 0, 1),
        lambda n, t, _, view, views: action.sparse_view(n, t, view, views),
    ),
    "segments": FrameRule(
        lambda n, t, _, rng: action.segments_random(n, t, rng),
        lambda n, t, _: action.segments_middle(n, t),
        lambda n, t, _, view, views: action.segments_view(n, t, view, views),
    ),
    "pretraining": FrameRule(
        lambda n, t, _, rng: action.pretraining_random(n, t, rng),
        lambda n, t, _: action.segments_middle(n, t),
        lambda n, t, _, view, views: action.segments_view(n, t, view, views),
    ),
    "middle": FrameRule(
        lambda n, t, _, rng: action.segments_middle(n, t),
        lambda n, t, _: action.segments_middle(n, t),
        lambda n, t, _, view, views: action.segments_middle(n, t),
        deterministic=True,
        views=1,
    ),
    "intervals": FrameRule(
        lambda n, t, _, rng: _interval_random(n, t, rng),
        lambda n, t, _: middle_indices(t, n),
        lambda n, t, _, view, views: middle_indices(t, n),
        views=1,
    ),
}
FRAME_RULES = (*_RULES, "dense8", "fps2")


def frame_rule(name: str) -> FrameRule:
    """Looks up a rule by its name.

    Raises:
      UserError: there is no such rule.
    """
    if name in _RULES:
        return _RULES[name]
    found = _PARAMETRIC.fullmatch(name)
    if found is not None and found[1]:
        return _dense(int(found[2]))
    if found is not None and float(found[4]) > 0:
        return _at_rate(float(found[4]))
    hint = did_you_mean(name, FRAME_RULES)
    raise UserError(f"unknown sampling {name!r}{f', {hint}' if hint else ''}; choose one of {', '.join(FRAME_RULES)}")


def _dense(stride: int) -> FrameRule:
    return FrameRule(
        lambda n, t, _, rng: action.dense_random(n, t, stride, rng),
        lambda n, t, _: action.dense_middle(n, t, stride),
        lambda n, t, _, view, views: action.dense_view(n, t, stride, view, views),
    )


def _at_rate(fps: float) -> FrameRule:
    return FrameRule(
        lambda n, t, rate, _: rate_indices(t, n, rate, fps),
        lambda n, t, rate: rate_indices(t, n, rate, fps),
        lambda n, t, rate, view, views: rate_indices(t, n, rate, fps),
        deterministic=True,
        views=1,
    )


def _interval_random(count: int, num_frames: int, rng: np.random.Generator) -> Numbers:
    choose = random.Random(int(rng.integers(2**63)))
    return random_indices(num_frames, count, choose=choose, permutation=rng.permutation)
