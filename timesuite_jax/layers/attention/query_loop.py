"""Attention without a causal mask in loops over heads and over blocks of a head: a part of the implementation for CPU.

The scores of a block stay in the cache of a core, and the next block uses their memory. The softmax divides the output
(Q x d) instead of the weights (Q x C). The backward pass is a loop over blocks of keys that computes the weights again
from the logarithm of their sum: five products, where differentiating a recomputed block takes six, each with its
operands as they are in memory. Loops over blocks of queries would sum the gradients of keys and values by two products
over few queries, which are slow.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from einops import rearrange
from jax.ad_checkpoint import checkpoint_name
from jaxtyping import Array, Bool, Float, Shaped

from timesuite_jax.layers.devices import is_one_device

_QUERIES, _KEYS = 256, 128  # of a block, about, forward and backward: with 2,000 of the others, scores of 2 and 1 MB
MASK_VALUE = -1e30  # added to masked scores; finite, so that a row without a visible key is a mean instead of NaN
SAVED_ATTENTION = "attention"  # name of what rematerialization policies may save instead of computing attention again

Queries = Float[Array, "B g Q d"]  # of the heads that share keys, one after the other
Keys = Float[Array, "B g C d"]


@jax.custom_vjp
def query_loop_attention(q: Queries, k: Keys, v: Keys, kv_mask: Bool[Array, "B C"] | None) -> Queries:
    """Attends to all keys where `kv_mask` is True; the queries are scaled already."""
    return _forward(q, k, v, kv_mask)[0]


def _forward(q: Queries, k: Keys, v: Keys, kv_mask: Bool[Array, "B C"] | None) -> tuple[Queries, tuple[Any, ...]]:
    hidden = None if kv_mask is None else jnp.where(kv_mask, 0.0, MASK_VALUE)
    out, log_sum = _each_head(_attend, hidden, q, k, v)
    out, log_sum = (checkpoint_name(x, SAVED_ATTENTION) for x in (out, log_sum))
    return out, (q, k, v, kv_mask, out, log_sum)


def _backward(saved: tuple[Any, ...], gradient: Queries) -> tuple[Queries, Keys, Keys, None]:
    q, k, v, kv_mask, out, log_sum = saved
    # Keys of zeros pad the last block. They are hidden: where all scores are below -89, their weights would overflow.
    if kv_mask is None and _padding(k.shape[2], _KEYS):
        kv_mask = jnp.ones((k.shape[0], k.shape[2]), bool)
    hidden = None if kv_mask is None else jnp.where(kv_mask, 0.0, MASK_VALUE)
    along = jnp.einsum("BgQd,BgQd->BgQ", gradient, out, preferred_element_type=jnp.float32)
    return *_each_head(_gradients, hidden, q, k, v, gradient, log_sum, along), None


query_loop_attention.defvjp(_forward, _backward)


def _each_head(head: Callable[..., Any], hidden: Float[Array, "B C"] | None, *arrays: Shaped[Array, "B g ..."]) -> Any:
    """Applies a function of one head: in loops on one device, and to all at once on several, which share them."""
    one_device = is_one_device()

    def every(function: Callable[[Any], Any], values: Any) -> Any:
        # GSPMD would gather the samples or heads of all devices for a loop.
        return jax.lax.map(function, values) if one_device else jax.vmap(function)(values)

    def sample(values: Any) -> Any:
        hidden, *arrays = values
        return every(lambda parts: head(hidden, *parts), arrays)

    return every(sample, (hidden, *arrays))


def _attend(
    hidden: Float[Array, " C"] | None, q: Float[Array, "Q d"], k: Float[Array, "C d"], v: Float[Array, "C d"]
) -> tuple[Float[Array, "Q d"], Float[Array, " Q"]]:
    """The output, and the logarithm of the sum of the weights before the division."""

    def block(q: Float[Array, "rows d"]) -> tuple[Array, Array]:
        scores = jnp.einsum("Qd,Cd->QC", q, k, preferred_element_type=jnp.float32)
        if hidden is not None:
            scores += jnp.broadcast_to(hidden, scores.shape)
        peak = jnp.max(scores, axis=-1, keepdims=True)
        weights = jnp.exp(scores - peak)
        total = jnp.sum(weights, axis=-1, keepdims=True)
        out = jnp.einsum("QC,Cd->Qd", weights.astype(v.dtype), v, preferred_element_type=jnp.float32)
        return (out / total).astype(v.dtype), (peak + jnp.log(total))[:, 0]

    out, log_sum = jax.lax.map(block, _split(q, _QUERIES))
    return rearrange(out, "blocks rows d -> (blocks rows) d")[: len(q)], log_sum.reshape(-1)[: len(q)]


def _gradients(
    hidden: Float[Array, " C"] | None,
    q: Float[Array, "Q d"],
    k: Float[Array, "C d"],
    v: Float[Array, "C d"],
    gradient: Float[Array, "Q d"],
    log_sum: Float[Array, " Q"],
    along: Float[Array, " Q"],
) -> tuple[Float[Array, "Q d"], Float[Array, "C d"], Float[Array, "C d"]]:
    """The gradients of a head; `along` is the product of its output and the gradient of that."""
    wide = {"preferred_element_type": jnp.float32}

    def block(dq: Float[Array, "d Q"], parts: Any) -> tuple[Array, tuple[Array, Array]]:
        k, v, hidden = parts
        scores = jnp.einsum("Cd,Qd->CQ", k, q, **wide)
        if hidden is not None:
            scores += jnp.broadcast_to(hidden, scores.shape)
        weights = jnp.exp(scores - log_sum[None])
        slopes = weights * (jnp.einsum("Cd,Qd->CQ", v, gradient, **wide) - along[None])
        weights, slopes = weights.astype(v.dtype), slopes.astype(k.dtype)
        dk = jnp.einsum("CQ,Qd->Cd", slopes, q, **wide)
        dv = jnp.einsum("CQ,Qd->Cd", weights, gradient, **wide)
        dq += jnp.einsum("dC,CQ->dQ", k.T, slopes, **wide)
        return dq, (dk.astype(k.dtype), dv.astype(v.dtype))

    keys = len(k)
    if hidden is not None:
        padded = jnp.pad(hidden, (0, _padding(keys, _KEYS)), constant_values=MASK_VALUE)
        hidden = rearrange(padded, "(blocks C) -> blocks C 1", blocks=_blocks(keys, _KEYS))
    zeros = jnp.zeros((q.shape[1], len(q)), jnp.float32)
    dq, (dk, dv) = jax.lax.scan(block, zeros, (_split(k, _KEYS), _split(v, _KEYS), hidden))
    dk, dv = (rearrange(x, "blocks C d -> (blocks C) d")[:keys] for x in (dk, dv))
    return dq.T.astype(q.dtype), dk, dv


def _blocks(length: int, rows: int) -> int:
    return max(1, round(length / rows))


def _padding(length: int, rows: int) -> int:
    """What makes the blocks equal: less than one position each."""
    return -length % _blocks(length, rows)


def _split(x: Float[Array, "S d"], rows: int) -> Float[Array, "blocks rows d"]:
    """Blocks of the same number of positions, about `rows`; zeros pad the last one."""
    padded = jnp.pad(x, ((0, _padding(len(x), rows)), (0, 0)))
    return rearrange(padded, "(blocks rows) d -> blocks rows d", blocks=_blocks(len(x), rows))
