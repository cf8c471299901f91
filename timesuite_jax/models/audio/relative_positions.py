"""Buckets of relative positions, as in T5 (arXiv:1910.10683), for attention in both directions."""

import numpy as np
from jaxtyping import Int


def relative_buckets(length: int, buckets: int, max_distance: int) -> Int[np.ndarray, "N N_key"]:
    """Numbers the bucket of each pair of positions.

    Keys behind the query have the upper half of the buckets. Half of those of a direction are single distances, the
    others grow exponentially up to `max_distance`; what is further shares the last.

    Args:
      length: number of positions.
      buckets: number of buckets of both directions.
      max_distance: in positions.
    """
    of_direction = buckets // 2
    exact = of_direction // 2
    relative = np.arange(length)[None] - np.arange(length)[:, None]
    distance = np.abs(relative)
    # float32, as PyTorch: where a logarithm is a whole number, rounding decides on the bucket.
    ratio = np.log(np.maximum(distance, 1).astype(np.float32) / np.float32(exact))
    scaled = ratio / np.float32(np.log(max_distance / exact)) * np.float32(of_direction - exact)
    far = np.minimum(exact + scaled.astype(np.int64), of_direction - 1)
    return np.where(distance < exact, distance, far) + of_direction * (relative > 0)
