"""Attention without a causal mask in a loop over blocks of queries: a part of the implementation for CPU.

The scores of a block stay in the cache, and the next block uses their memory. The softmax divides the output (S x d)
instead of the weights (S x C). The backward pass is a loop over blocks of keys that computes the weights again: five
products, where differentiating a recomputed block takes six, each with its operands as they are in memory. Loops over
blocks of queries would sum the gradients of keys and values by two products over few queries, which are slow.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from einops import rearrange
from jaxtyping import Array, Bool, Float, Shaped

_ROWS = 128  # of a block, about: with 2,000 columns, its scores of one head are 1 MB
MASK_VALUE = -1e30  # added to masked scores; finite, so that a row without a visible key is a mean instead of NaN

Queries = Float[Array, "B g Q d"]  # of the heads that share keys, one after the other
Keys = Float[Array, "B g C d"]


@jax.custom_vjp
def query_loop_attention(q: Queries, k: Keys, v: Keys, kv_mask: Bool[Array, "B C"] | None) -> Queries:
    """Attends to all keys where `kv_mask` is True; the queries are scaled already."""
    return _forward(q, k, v, kv_mask)[0]


class _Saved(NamedTuple):
    """What the backward pass reads: arguments, output and softmax."""

    q: Queries
    k: Keys
    v: Keys
    kv_mask: Bool[Array, "B C"] | None
    out: Queries
    peak: Float[Array, "B g Q 1"]  # largest score
    total: Float[Array, "B g Q 1"]  # of the weights before the division


def _forward(q: Queries, k: Keys, v: Keys, kv_mask: Bool[Array, "B C"] | None) -> tuple[Queries, _Saved]:
    hidden = None if kv_mask is None else jnp.where(kv_mask, 0.0, MASK_VALUE)[:, None, None]

    def block(q: Float[Array, "B g rows d"]) -> tuple[Array, Array, Array]:
        scores = jnp.einsum("BgQd,BgCd->BgQC", q, k, preferred_element_type=jnp.float32)
        if hidden is not None:
            scores += jnp.broadcast_to(hidden, scores.shape)
        peak = jnp.max(scores, axis=-1, keepdims=True)
        weights = jnp.exp(scores - peak)
        total = jnp.sum(weights, axis=-1, keepdims=True)
        out = jnp.einsum("BgQC,BgCd->BgQd", weights.astype(v.dtype), v, preferred_element_type=jnp.float32)
        return (out / total).astype(v.dtype), peak, total

    out, peak, total = (_merge(blocks, q.shape[2]) for blocks in jax.lax.map(block, _split(q)))
    return out, _Saved(q, k, v, kv_mask, out, peak, total)


def _backward(saved: _Saved, gradient: Queries) -> tuple[Queries, Keys, Keys, None]:
    q, k, v, kv_mask, out, peak, total = saved
    peak = rearrange(peak, "B g Q 1 -> B g 1 Q")
    scaled = gradient.astype(jnp.float32) / total  # instead of the weights
    along = jnp.einsum("BgQd,BgQd->BgQ", scaled, out.astype(jnp.float32))[:, :, None]
    scaled = scaled.astype(v.dtype)
    wide = {"preferred_element_type": jnp.float32}

    def block(dq: Float[Array, "B g d Q"], parts: Any) -> tuple[Array, tuple[Array, Array]]:
        k, v, visible = parts
        scores = jnp.einsum("BgCd,BgQd->BgCQ", k, q, **wide)
        if visible is not None:
            scores += jnp.broadcast_to(jnp.where(visible, 0.0, MASK_VALUE), scores.shape)
        weights = jnp.exp(scores - peak)
        slopes = weights * (jnp.einsum("BgCd,BgQd->BgCQ", v, scaled, **wide) - along)
        weights, slopes = weights.astype(v.dtype), slopes.astype(k.dtype)
        dk = jnp.einsum("BgCQ,BgQd->BgCd", slopes, q, **wide)
        dv = jnp.einsum("BgCQ,BgQd->BgCd", weights, scaled, **wide)
        dq += jnp.einsum("BgdC,BgCQ->BgdQ", rearrange(k, "B g C d -> B g d C"), slopes, **wide)
        return dq, (dk.astype(k.dtype), dv.astype(v.dtype))

    # Keys of zeros pad the last block. They are hidden: where all scores are below -89, their weights would overflow.
    keys = _split(k)
    if kv_mask is None and keys.shape[0] * keys.shape[3] > k.shape[2]:
        kv_mask = jnp.ones((k.shape[0], k.shape[2]), bool)
    visible = None if kv_mask is None else _split(kv_mask[:, None, :, None])
    zeros = jnp.zeros((*q.shape[:2], q.shape[3], q.shape[2]), jnp.float32)
    dq, blocks = jax.lax.scan(block, zeros, (keys, _split(v), visible))
    dk, dv = (_merge(gradients, k.shape[2]) for gradients in blocks)
    return rearrange(dq, "B g d Q -> B g Q d").astype(q.dtype), dk, dv, None


query_loop_attention.defvjp(_forward, _backward)


def _split(x: Shaped[Array, "B g S d"]) -> Shaped[Array, "blocks B g rows d"]:
    """Blocks of the same number of positions; the last one is padded, by less than one position a block."""
    length = x.shape[2]
    blocks = max(1, round(length / _ROWS))
    padded = jnp.pad(x, ((0, 0), (0, 0), (0, -length % blocks), (0, 0)))
    return rearrange(padded, "B g (blocks S) d -> blocks B g S d", blocks=blocks)


def _merge(blocks: Shaped[Array, "blocks B g rows d"], length: int) -> Shaped[Array, "B g S d"]:
    """The inverse of `_split`."""
    return rearrange(blocks, "blocks B g S d -> B g (blocks S) d")[:, :, :length]
