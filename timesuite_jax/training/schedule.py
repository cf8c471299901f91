"""The original's learning rate: a linear warm-up and a cosine, both clipped from below.

Follows TimeSuite's utils/scheduler.py (`get_cosine_schedule_with_warmup`). The cosine is clipped, not rescaled: the
rate starts at the minimum and stays there until the warm-up line rises above it.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from timesuite_jax.training.config import TrainingSpec

Schedule = Callable[[ArrayLike], Float[Array, ""]]  # finished steps -> rate


def clipped_cosine(peak: float, total_steps: int, warmup_steps: float = 0.0, min_ratio: float = 0.0) -> Schedule:
    """Learning rate as a function of the number of finished steps.

    Args:
      peak: the highest rate.
      total_steps: where the cosine would reach zero if it were not clipped.
      warmup_steps: length of the linear rise; may be fractional.
      min_ratio: the minimum as a fraction of the peak; 1 makes the rate constant.
    """

    def schedule(count: ArrayLike) -> Float[Array, ""]:
        count = jnp.asarray(count).astype(jnp.float32)
        rise = count / max(1.0, warmup_steps)
        progress = (count - warmup_steps) / max(1.0, total_steps - warmup_steps)
        fall = 0.5 * (1.0 + jnp.cos(jnp.pi * progress))
        return peak * jnp.maximum(min_ratio, jnp.where(count < warmup_steps, rise, fall))

    return schedule


def build(spec: TrainingSpec) -> Schedule:
    """The schedule of a run."""
    optimizer = spec.optimizer
    return clipped_cosine(optimizer.learning_rate, spec.total_steps, optimizer.warmup_steps, optimizer.min_lr_ratio)
