"""The blocks of MQSA's two branches: attention from a windowed query to single items, then a feed-forward network.

The branches differ in the query: the short branch's window is the item itself, the long branch's is the mean of the
last `MqsaSpec.window` items.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.layers import Dropout, LayerNorm, Linear, run_stack
from timesuite_jax.mqsa_ted.model.spec import MqsaSpec

NORM_EPSILON = 1e-24
MASK_VALUE = 1.0 - 2.0**32  # upstream's score of masked keys


class Slots(NamedTuple):
    """Which slots of a batch of rows hold items, and of which history."""

    valid: Bool[Array, "B S"]  # an item, not padding
    segments: Int[Array, "B S"]  # number of the history within its row


def window_mean(x: Float[Array, "B S D"], slots: Slots, window: int) -> Float[Array, "B S D"]:
    """Averages each slot with the `window - 1` slots before it, over valid items of its own history only.

    Slots without a valid item in their window are zero. `x` must be zero at padding; a window of 1 returns `x` bitwise.
    """
    length = x.shape[1]
    total = count = jnp.zeros((), x.dtype)
    for shift in range(min(window, length)):
        valid, segments, values = (
            jnp.pad(array, [(0, 0), (shift, 0)] + [(0, 0)] * (array.ndim - 2))[:, :length] for array in (*slots, x)
        )
        same = jnp.logical_and(valid, segments == slots.segments)[..., None].astype(x.dtype)
        total, count = total + values * same, count + same
    # Upstream adds 1e-24 to the count: the same values, but its gradient would be multiplied by 1e24 at padding.
    return total / jnp.maximum(count, 1.0)


def attention_weights(
    q: Float[Array, "B S h d"],
    k: Float[Array, "B C h d"],
    slots: Slots,
    query_is_nonzero: Bool[Array, "B S"],
) -> Float[Array, "B h S C"]:
    """Computes causal attention weights within each history; zero for queries that are zero throughout (padding)."""
    scores = jnp.einsum("BShd,BChd->BhSC", q, k) / math.sqrt(q.shape[-1])
    causal = jnp.tril(jnp.ones(scores.shape[-2:], bool))
    same_segment = jnp.logical_and(slots.segments[:, :, None] == slots.segments[:, None], slots.valid[:, None])
    visible = jnp.logical_and(causal[None, None], same_segment[:, None])
    # A padded query has no visible key and gets uniform weights, which the block's mask then removes.
    weights = jax.nn.softmax(jnp.where(visible, scores, MASK_VALUE), axis=-1)
    return weights * query_is_nonzero[:, None, :, None].astype(weights.dtype)


class Block(nn.Module):
    """One attention and feed-forward block, with the signature that `run_stack` expects."""

    spec: MqsaSpec
    window: int

    @nn.compact
    def __call__(
        self, x: Float[Array, "B S D"], _: None, slots: Slots, *, deterministic: bool
    ) -> tuple[Float[Array, "B S D"], None]:
        """Runs the block; `x` is zero at padding, and so is the result."""

        def dense(name: str, inputs: Float[Array, "B S D"], axes: tuple[str, str]) -> Float[Array, "B S D"]:
            init = nn.initializers.glorot_uniform()
            return Linear(self.spec.width, axes, kernel_init=init, name=name)(inputs)

        def dropout(inputs: Float[Array, "*batch D"]) -> Float[Array, "*batch D"]:
            return Dropout(self.spec.dropout)(inputs, deterministic=deterministic)

        with jax.named_scope("attention"):
            query = LayerNorm(NORM_EPSILON, name="query_norm")(window_mean(x, slots, self.window))
            q, k, v = (
                rearrange(dense(name, inputs, ("embed", "heads")), "B S (h d) -> B S h d", h=self.spec.heads)
                for name, inputs in (("query", query), ("key", x), ("value", x))
            )
            weights = dropout(attention_weights(q, k, slots, jnp.any(query != 0, axis=-1)))
            attended = rearrange(jnp.einsum("BhSC,BChd->BShd", weights, v), "B S h d -> B S (h d)")
            # As upstream, the residual is the normalised query: in the long branch a mean, not the item of this slot.
            x = LayerNorm(NORM_EPSILON, name="attention_norm")(attended + query)
        with jax.named_scope("feed_forward"):
            hidden = dropout(jax.nn.relu(dense("fc1", x, ("embed", "mlp"))))
            x = x + dropout(dense("fc2", hidden, ("mlp", "embed")))
        return x * slots.valid[..., None].astype(x.dtype), None


class Branch(nn.Module):
    """A stack of blocks with the same window, and a final norm."""

    spec: MqsaSpec
    window: int

    @nn.compact
    def __call__(self, x: Float[Array, "B S D"], slots: Slots, *, deterministic: bool) -> Float[Array, "B S D"]:
        """Encodes histories; the output at padding is the bias of the norm."""
        block = Block(self.spec, self.window, name="blocks")
        # Unrolled: there are one or two blocks, and XLA optimises across them.
        x, _ = run_stack(block, x, None, slots, length=self.spec.blocks, unroll=True, deterministic=deterministic)
        return LayerNorm(NORM_EPSILON, name="norm")(x)
