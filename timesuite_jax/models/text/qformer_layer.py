"""One layer of the Q-Former (BLIP-2, arXiv:2301.12597; `blip2/Qformer.py` upstream): a post-norm BERT layer.

Queries and text share one self-attention; only the queries attend to the vision tokens; each has its own feed-forward.
Attention is not `layers.attention`: BERT applies dropout to attention weights, which the fused kernels do not support.
The residual stream and the norms are float32, whatever the type of the products.
"""

import jax
import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float

from timesuite_jax.layers import Dropout, DropPath, FeedForward, LayerNorm, Linear
from timesuite_jax.models.text.qformer_spec import QFormerSpec

NORM_EPSILON = 1e-12  # BERT's
MASK_BIAS = -10000.0  # added to the scores of masked keys; its exp is exactly 0 in float32


def _drop(
    spec: QFormerSpec, branch: Float[Array, "n N D"], rate: Float[Array, ""], *, deterministic: bool
) -> Float[Array, "n N D"]:
    """Applies dropout, then drop path, to a residual branch before it is added to the stream."""
    branch = Dropout(spec.hidden_dropout)(branch.astype(jnp.float32), deterministic=deterministic)
    return DropPath()(branch, rate, deterministic=deterministic)


def keep_clips(x: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
    """Constrains clips to stay sharded: kernels are sharded too, and XLA would all-gather the clips instead of them."""
    return nn.with_logical_constraint(x, ("clip", None, None))


class BertAttention(nn.Module):
    """Multi-head attention with its output projection, residual and norm."""

    spec: QFormerSpec

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "n N D"],
        memory: Float[Array, "n C D_vision"],
        mask: Bool[Array, "n C"] | None,
        drop_path: Float[Array, ""],
        *,
        deterministic: bool,
    ) -> Float[Array, "n N D"]:
        """Adds to the stream `x` its attention to the positions of `memory` where `mask` is True (None: all)."""
        spec = self.spec
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}

        def heads(name: str, source: Float[Array, "n C E"]) -> Float[Array, "n h C d"]:
            projected = Linear(spec.width, ("embed", "heads"), name=name, **types)(source)
            split = rearrange(projected, "n C (h d) -> n h C d", h=spec.heads)
            return nn.with_logical_constraint(split, ("clip", "heads", None, None))

        q, k, v = heads("query", x), heads("key", memory), heads("value", memory)
        # Scales the queries, which are several times smaller than the scores.
        q = q * (spec.width // spec.heads) ** -0.5
        scores = jnp.einsum("nhqd,nhkd->nhqk", q, k, preferred_element_type=jnp.float32)
        if mask is not None:
            scores = scores + jnp.broadcast_to(jnp.where(mask, 0.0, MASK_BIAS)[:, None, None], scores.shape)
        weights = jax.nn.softmax(scores, axis=-1)
        weights = Dropout(spec.attention_dropout)(weights, deterministic=deterministic).astype(v.dtype)
        # Without the barrier XLA for TPUs recomputes the scores within the product with the values, and the search for
        # a tiling of that fusion overflows the stack of libtpu 0.0.42.
        weights = jax.lax.optimization_barrier(weights)
        mixed = rearrange(jnp.einsum("nhqk,nhkd->nhqd", weights, v), "n h N d -> n N (h d)")
        out = Linear(spec.width, ("heads", "embed"), name="out", **types)(mixed)
        branch = _drop(spec, out, drop_path, deterministic=deterministic)
        return keep_clips(LayerNorm(NORM_EPSILON, name="norm")(x + branch))


class QFormerLayer(nn.Module):
    """Self-attention of queries and text, cross-attention of the queries (if `cross`), feed-forwards."""

    spec: QFormerSpec
    cross: bool

    @nn.compact
    def __call__(
        self,
        queries: Float[Array, "n N D"],
        text: Float[Array, "n P D"] | None,
        vision: Float[Array, "n C D_vision"],
        text_mask: Bool[Array, "n P"] | None,
        drop_path: Float[Array, ""],
        deterministic: bool,
    ) -> tuple[Float[Array, "n N D"], Float[Array, "n P D"] | None]:
        """Returns the updated queries and text (None without text)."""
        spec = self.spec
        count = queries.shape[1]
        rows, mask = queries, None
        if text is not None:
            rows = jnp.concatenate([queries, text], axis=1)
            mask = jnp.concatenate([jnp.ones(queries.shape[:2], bool), text_mask], axis=1)

        def attend(
            name: str, x: Float[Array, "n N D"], memory: Float[Array, "n C E"], mask: Bool[Array, "n C"] | None
        ) -> Float[Array, "n N D"]:
            return BertAttention(spec, name=name)(x, memory, mask, drop_path, deterministic=deterministic)

        attended = attend("attention", rows, rows, mask)
        queries = attended[:, :count]
        if self.cross:
            queries = attend("cross_attention", queries, vision, None)

        def feed_forward(name: str, x: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
            types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
            branch = FeedForward(spec.hidden, name=f"{name}_mlp", **types)(x)
            branch = _drop(spec, branch, drop_path, deterministic=deterministic)
            return keep_clips(LayerNorm(NORM_EPSILON, name=f"{name}_norm")(x + branch))

        text = None if text is None else feed_forward("text", attended[:, count:])
        return feed_forward("query", queries), text
