"""Generalized intersection over union of spans (arXiv:1902.09630 in one dimension), differentiable."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def edges(spans: Float[Array, "*spans 2"]) -> Float[Array, "*spans 2"]:
    """Start and end of spans that are given by centre and width."""
    centre, width = spans[..., 0], spans[..., 1]
    return jnp.stack([centre - 0.5 * width, centre + 0.5 * width], axis=-1)


def generalized_iou(a: Float[Array, "*spans 2"], b: Float[Array, "*spans 2"]) -> Float[Array, "*spans"]:
    """Generalized IoU of paired spans, from -1 (far apart) to 1 (equal); IoU where they overlap.

    Args:
      a: centre and width.
      b: centre and width, above zero.
    """
    a, b = edges(a), edges(b)
    hull = jnp.maximum(a[..., 1], b[..., 1]) - jnp.minimum(a[..., 0], b[..., 0])
    # In one dimension the gap between disjoint spans is the negative overlap, and hull minus union.
    return (jnp.minimum(a[..., 1], b[..., 1]) - jnp.maximum(a[..., 0], b[..., 0])) / hull
