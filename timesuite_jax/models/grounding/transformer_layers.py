"""The encoder and decoder layers of DETR (arXiv:2005.12872), with the signature that `run_stack` expects.

Positions are added to queries and keys of every attention, not to values; norms follow the residual connections.
"""

import jax
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float

from timesuite_jax.layers import Dropout, LayerNorm, Linear, attention
from timesuite_jax.models.grounding.moment_head_spec import MomentHeadSpec

NORM_EPSILON = 1e-5


class _Attention(nn.Module):
    """Multi-head attention with projections."""

    spec: MomentHeadSpec

    @nn.compact
    def __call__(
        self,
        query: Float[Array, "B S D"],
        key: Float[Array, "B C D"],
        value: Float[Array, "B C D"],
        kv_mask: Bool[Array, "B C"] | None,
    ) -> Float[Array, "B S D"]:
        """Attends; False in `kv_mask` hides a key."""

        def project(name: str, inputs: Float[Array, "B S D"]) -> Float[Array, "B S h d"]:
            init = nn.initializers.glorot_uniform()
            projected = Linear(self.spec.width, ("embed", "heads"), kernel_init=init, name=name)(inputs)
            return rearrange(projected, "B S (h d) -> B S h d", h=self.spec.heads)

        q, k, v = (project(*pair) for pair in (("query", query), ("key", key), ("value", value)))
        # About a hundred tokens: the matrices of scores are small, and tiled kernels gain nothing.
        attended = rearrange(attention(q, k, v, kv_mask=kv_mask, impl="xla"), "B S h d -> B S (h d)")
        return Linear(self.spec.width, ("heads", "embed"), name="out")(attended)


class _PostNorm(nn.Module):
    """Residual connection: `norm(x + dropout(y))`."""

    rate: float

    @nn.compact
    def __call__(
        self, x: Float[Array, "B S D"], y: Float[Array, "B S D"], *, deterministic: bool
    ) -> Float[Array, "B S D"]:
        """Adds and normalises."""
        return LayerNorm(NORM_EPSILON, name="norm")(x + Dropout(self.rate)(y, deterministic=deterministic))


class _FeedForward(nn.Module):
    """`fc2(dropout(relu(fc1(x))))`."""

    spec: MomentHeadSpec

    @nn.compact
    def __call__(self, x: Float[Array, "B S D"], *, deterministic: bool) -> Float[Array, "B S D"]:
        """Applies the block."""
        hidden = jax.nn.relu(Linear(self.spec.hidden, ("embed", "mlp"), name="fc1")(x))
        hidden = Dropout(self.spec.dropout)(hidden, deterministic=deterministic)
        return Linear(self.spec.width, ("mlp", "embed"), name="fc2")(hidden)


class EncoderLayer(nn.Module):
    """Self-attention over the rows of a video and the words of a query, and a feed-forward block."""

    spec: MomentHeadSpec

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B C D"],
        _: None,
        positions: Float[Array, "B C D"],
        mask: Bool[Array, "B C"],
        *,
        deterministic: bool,
    ) -> tuple[Float[Array, "B C D"], None]:
        """Encodes; False in `mask` is padding."""
        rate, placed = self.spec.dropout, x + positions
        attended = _Attention(self.spec, name="attention")(placed, placed, x, mask)
        x = _PostNorm(rate, name="attention_residual")(x, attended, deterministic=deterministic)
        hidden = _FeedForward(self.spec, name="feed_forward")(x, deterministic=deterministic)
        return _PostNorm(rate, name="feed_forward_residual")(x, hidden, deterministic=deterministic), None


class DecoderLayer(nn.Module):
    """Attention among span queries and to the encoded video and query, and a feed-forward block."""

    spec: MomentHeadSpec

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "B S D"],
        _: None,
        span_queries: Float[Array, "B S D"],
        memory: Float[Array, "B C D"],
        placed_memory: Float[Array, "B C D"],
        mask: Bool[Array, "B C"],
        *,
        deterministic: bool,
    ) -> tuple[Float[Array, "B S D"], Float[Array, "B S D"]]:
        """Decodes; the second result is the first one, which `run_stack` collects."""
        rate, placed = self.spec.dropout, x + span_queries
        attended = _Attention(self.spec, name="self_attention")(placed, placed, x, None)
        x = _PostNorm(rate, name="self_residual")(x, attended, deterministic=deterministic)
        attended = _Attention(self.spec, name="cross_attention")(x + span_queries, placed_memory, memory, mask)
        x = _PostNorm(rate, name="cross_residual")(x, attended, deterministic=deterministic)
        hidden = _FeedForward(self.spec, name="feed_forward")(x, deterministic=deterministic)
        x = _PostNorm(rate, name="feed_forward_residual")(x, hidden, deterministic=deterministic)
        return x, x
