"""Finds weights that are NaN or infinite, as damaged files and diverged runs have them."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Shaped

_BFLOAT16_INF = np.uint16(0x7F80)  # exponent of infinities and NaN


def all_finite(values: Shaped[np.ndarray, "*shape"]) -> bool:
    """Returns whether no value is NaN or infinite; integers never are."""
    if values.dtype.name == "bfloat16":  # faster than ml_dtypes' isfinite
        exponents = np.bitwise_and(values.view(np.uint16), _BFLOAT16_INF)
        return not np.any(exponents == _BFLOAT16_INF)
    return not jnp.issubdtype(values.dtype, jnp.floating) or bool(np.all(np.isfinite(values)))
