"""Attention by blocks of queries, each recomputed in the backward pass: the implementation for CPU.

Heads precede positions, so both products are batched matrix products and no S x C matrix is transposed. The softmax
divides the output (S x d) instead of the weights (S x C), and nothing of the size of the scores is saved for the
backward pass. Without a causal mask, blocks are equal and run in loops (`query_loop.py`); a causal block stops at its
own last key, which saves nearly half of the work. Kept beside `jax.nn.dot_product_attention`, whose XLA form lacks all
of this (benchmarks/attention_cpu.py).
"""

import functools

import jax
import jax.numpy as jnp
from einops import rearrange
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.layers.attention.query_loop import MASK_VALUE, query_loop_attention

_FEWEST_ROWS, _MOST_ROWS = 128, 512  # of a block: fewer make the products too small to be fast, more take more memory
_BLOCKS = 4  # with n blocks a causal mask costs (1 + 1/n) / 2 of the full square; each block is compiled separately


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
    q = rearrange(q * jnp.asarray(scale, q.dtype), "B S (g m) d -> B g m S d", g=groups)
    k, v = (rearrange(x, "B C g d -> B g C d") for x in (k, v))
    if not causal:
        out = query_loop_attention(rearrange(q, "B g m S d -> B g (m S) d"), k, v, kv_mask)
        return rearrange(out, "B g (m S) d -> B S (g m) d", S=length)
    rows = min(_MOST_ROWS, max(_FEWEST_ROWS, -(-length // _BLOCKS)))
    outputs = []
    for start in range(0, length, rows):
        stop = min(start + rows, length)
        visible = None if kv_mask is None else kv_mask[:, :stop]
        same_segment = None if segments is None else _same_segment(segments[:, start:stop], segments[:, :stop])
        block = jax.checkpoint(functools.partial(_block, first_row=start))
        outputs.append(block(q[:, :, :, start:stop], k[:, :, :stop], v[:, :, :stop], visible, same_segment))
    return rearrange(jnp.concatenate(outputs, axis=3), "B g m S d -> B S (g m) d")


def _same_segment(queries: Int[Array, "B S"], keys: Int[Array, "B C"]) -> Bool[Array, "B S C"]:
    """Keys of a query's own segment, and of segment 0, which all queries attend to."""
    return (keys[:, None] == 0) | (keys[:, None] == queries[:, :, None])


def _block(
    q: Float[Array, "B g m S d"],
    k: Float[Array, "B g C d"],
    v: Float[Array, "B g C d"],
    visible: Bool[Array, "B C"] | None,
    same_segment: Bool[Array, "B S C"] | None,
    first_row: int,
) -> Float[Array, "B g m S d"]:
    """One block of queries, from number `first_row` on, against the keys up to its last one."""
    heads, length = q.shape[2:4]
    q = rearrange(q, "B g m S d -> B g (m S) d")
    scores = jnp.einsum("BgQd,BgCd->BgQC", q, k, preferred_element_type=jnp.float32)
    row = jnp.tile(first_row + jnp.arange(length), heads)
    later = jnp.arange(k.shape[2])[None] > row[:, None]
    scores += jnp.broadcast_to(jnp.where(later, MASK_VALUE, 0.0)[None, None], scores.shape)
    if visible is not None:
        scores += jnp.broadcast_to(jnp.where(visible, 0.0, MASK_VALUE)[:, None, None], scores.shape)
    if same_segment is not None:
        scores += jnp.tile(jnp.where(same_segment, 0.0, MASK_VALUE), (1, heads, 1))[:, None]
    # The softmax does not depend on the constant that is subtracted, so it needs no gradient.
    peak = jax.lax.stop_gradient(jnp.max(scores, axis=-1, keepdims=True))
    weights = jnp.exp(scores - peak)
    total = jnp.sum(weights, axis=-1, keepdims=True)
    out = jnp.einsum("BgQC,BgCd->BgQd", weights.astype(v.dtype), v, preferred_element_type=jnp.float32) / total
    return rearrange(out.astype(v.dtype), "B g (m S) d -> B g m S d", m=heads)
