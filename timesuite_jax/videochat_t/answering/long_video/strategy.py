"""Which way a video is shown that is longer than a model's videos of training.

* `whole`: like any other, with as many frames as in training, further apart.
* `resampled`: with more clips, at the frame rate of training; TAPE's kernel is interpolated to them. Memory and the
  prompt grow with the video.
* `hierarchical`: in windows, of which the surest is looked at again; see `hierarchical`. In constant memory, for
  questions for the time of an event.
"""

import math
from typing import Literal

from timesuite_jax.errors import UserError

Strategy = Literal["whole", "resampled", "hierarchical"]
"""`--long` of commands."""


def choose_strategy(choice: Strategy, *, shown: float, window: float, hindrance: str) -> Strategy:
    """Returns how a video is shown: one that is not longer than a window, as a whole.

    Args:
      choice: of the user.
      shown: seconds of the video, or of the clip of it, that are asked about.
      window: seconds of a window.
      hindrance: why the question cannot be answered by windows; empty if it can.

    Raises:
      UserError: the choice is not possible.
    """
    if choice == "hierarchical" and hindrance:
        raise UserError(f"long='hierarchical' {hindrance}; choose whole or resampled")
    return "whole" if shown <= window else choice


def clip_factor(shown: float, window: float) -> int:
    """Returns how many times the clips of training show a video at the frame rate of a window: a power of two.

    Powers of two, since each number of clips is a compiled program.
    """
    return 1 << max(0, math.ceil(math.log2(shown / window)))
