"""The reference: attention as two einsums around a softmax in float32."""

import jax
import jax.numpy as jnp
from einops import rearrange
from jaxtyping import Array, Bool, Float, Int


def xla_attention(
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
    groups = k.shape[2]
    # n query heads share a key-value head; head h = g * n + n' as in torch's repeat_interleave.
    q = rearrange(q, "B S (g n) d -> B S g n d", g=groups)
    scores = jnp.einsum("BSgnd,BCgd->BgnSC", q, k, preferred_element_type=jnp.float32) * scale
    mask = None
    if causal:
        mask = jnp.tril(jnp.ones((q.shape[1], k.shape[1]), bool))[None, None, None]
    if kv_mask is not None:
        visible = kv_mask[:, None, None, None]
        mask = visible if mask is None else jnp.logical_and(mask, visible)
    if segments is not None:
        mine = (segments[:, None] == 0) | (segments[:, None] == segments[:, :, None])
        mask = jnp.logical_and(mask, mine[:, None, None])
    if mask is not None:
        # The lowest finite number, not -inf: a row that sees nothing becomes a mean instead of NaN.
        scores = jnp.where(mask, scores, jnp.finfo(jnp.float32).min)
    weights = jax.nn.softmax(scores, axis=-1).astype(v.dtype)
    out = jnp.einsum("BgnSC,BCgd->BSgnd", weights, v)
    return rearrange(out, "B S g n d -> B S (g n) d")
