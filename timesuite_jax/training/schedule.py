"""Learning rates: a linear warm-up and a cosine, as in TimeSuite and as in InternVideo2.

TimeSuite's (utils/scheduler.py, `get_cosine_schedule_with_warmup`) is clipped from below, not rescaled: the rate starts
at the minimum and stays there until the warm-up line rises above it. InternVideo2's (single_modality/utils.py,
`cosine_scheduler`) ends at the minimum, and its warm-up starts at a rate of its own.
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


def cosine(
    peak: float, total_steps: int, warmup_steps: int = 0, min_ratio: float = 0.0, start_ratio: float = 0.0
) -> Schedule:
    """Learning rate as a function of the number of finished steps.

    Args:
      peak: the rate of the last step of the warm-up, and of the first step after it.
      total_steps: where the cosine would reach the minimum.
      warmup_steps: steps of the linear rise.
      min_ratio: the minimum as a fraction of the peak.
      start_ratio: the rate of the first step of the warm-up as a fraction of the peak.
    """

    def schedule(count: ArrayLike) -> Float[Array, ""]:
        count = jnp.asarray(count).astype(jnp.float32)
        rise = start_ratio + (1.0 - start_ratio) * count / max(1, warmup_steps - 1)
        progress = (count - warmup_steps) / max(1, total_steps - warmup_steps)
        fall = min_ratio + 0.5 * (1.0 - min_ratio) * (1.0 + jnp.cos(jnp.pi * progress))
        return peak * jnp.where(count < warmup_steps, rise, fall)

    return schedule


def build(spec: TrainingSpec) -> Schedule:
    """The schedule of a run."""
    optimizer = spec.optimizer
    if optimizer.schedule == "cosine":
        steps = int(optimizer.warmup_steps)
        return cosine(
            optimizer.learning_rate, spec.total_steps, steps, optimizer.min_lr_ratio, optimizer.warmup_start_ratio
        )
    return clipped_cosine(optimizer.learning_rate, spec.total_steps, optimizer.warmup_steps, optimizer.min_lr_ratio)
