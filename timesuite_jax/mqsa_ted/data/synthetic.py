"""Random interactions of any size, to measure memory and speed."""

import dataclasses

import numpy as np

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.data.interactions.dataset import Interactions


@dataclasses.dataclass(frozen=True)
class SyntheticInteractionsSpec:
    """Sizes of random interactions."""

    num_users: int = bounded(minimum=1)
    num_items: int = bounded(minimum=1)
    mean_length: float = bounded(7.0, minimum=1)  # training items per user; 7 as in Amazon Beauty
    seed: int = 0


def make_interactions(spec: SyntheticInteractionsSpec) -> Interactions:
    """Samples histories of geometric length with uniform items; deterministic in the spec."""
    rng = np.random.default_rng(spec.seed)
    lengths = rng.geometric(1.0 / spec.mean_length, spec.num_users)
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    items, validation, test = (
        rng.integers(0, spec.num_items, number, np.int32) for number in (start[-1], spec.num_users, spec.num_users)
    )
    return Interactions(start, items, validation, test, spec.num_items)

    def __post_init__(self) -> None:
        """Checks the bounds.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)
