"""Keys of a run's random numbers, derived from one seed by name and step.

No random state is carried from step to step, so a resumed run draws the same numbers as an uninterrupted one.
"""

import zlib

import jax
from jaxtyping import PRNGKeyArray


def streams(rng: PRNGKeyArray, *names: str) -> dict[str, PRNGKeyArray]:
    """Independent keys by name, e.g. `model.apply(..., rngs=streams(rng, "dropout", "drop_path"))`.

    A stream depends on its own name only: adding another does not change it.
    """
    return {name: jax.random.fold_in(rng, zlib.crc32(name.encode())) for name in names}


def root(seed: int, name: str) -> PRNGKeyArray:
    """The key of one purpose ("init", "train") of a run."""
    return streams(jax.random.key(seed), name)[name]
