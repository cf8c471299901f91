"""Reconstruction of a teacher's features (Unmasked Teacher, arXiv:2303.16058): the distance of unit vectors.

|s - t|^2 = 2 - 2 <s, t> for a student's vector s and a teacher's vector t, both of length 1.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_SMALLEST = 1e-30  # squared length below which a vector, as of zeros, is not scaled to 1 but left near 0


def unit_vectors(x: Float[Array, "*batch D"]) -> Float[Array, "*batch D"]:
    """Scales vectors to length 1, in float32."""
    x = x.astype(jnp.float32)
    return x * jax.lax.rsqrt(jnp.maximum(jnp.sum(jnp.square(x), axis=-1, keepdims=True), _SMALLEST))


def feature_distance(student: Float[Array, "L n N D"], teacher: Float[Array, "L n N D"]) -> Float[Array, " n"]:
    """Computes the squared distance of unit vectors of each clip, its mean over layers and tokens.

    Args:
      student: predicted vectors, of any length.
      teacher: vectors to predict, of any length.
    """
    products = jnp.einsum("LnND,LnND->LnN", unit_vectors(student), unit_vectors(teacher))
    return jnp.mean(2.0 - 2.0 * products, axis=(0, 2))
