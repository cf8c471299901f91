"""Parts of a post-norm BERT layer (arXiv:1810.04805), which the Q-Former's layers are made of, too.

Attention is not `layers.attention`: BERT applies dropout to attention weights, which the fused kernels do not support.
The residual stream and the norms are float32, whatever the type of the products.
"""

import jax
import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.layers import Dropout, DropPath, FeedForward, LayerNorm, Linear
from timesuite_jax.models.text.bert_spec import BertSpec

NORM_EPSILON = 1e-12  # BERT's
MASK_BIAS = -10000.0  # added to the scores of masked keys; its exp is exactly 0 in float32


def embedded(spec: BertSpec, name: str, size: int, ids: Int[Array, "*batch"]) -> Float[Array, "*batch D"]:
    """Embeds ids by a table of `size` rows, which is not sharded: 30,523 words have no useful divisor."""
    init = nn.with_logical_partitioning(nn.initializers.normal(spec.embedding_std), (None, "embed"))
    return nn.Embed(size, spec.width, param_dtype=spec.param_dtype, embedding_init=init, name=name)(ids)


def _drop(
    spec: BertSpec, branch: Float[Array, "n N D"], rate: Float[Array, ""] | None, *, deterministic: bool
) -> Float[Array, "n N D"]:
    """Applies dropout, then drop path (None: without it), to a residual branch before it is added to the stream."""
    branch = Dropout(spec.hidden_dropout)(branch.astype(jnp.float32), deterministic=deterministic)
    return branch if rate is None else DropPath()(branch, rate, deterministic=deterministic)


def keep_clips(x: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
    """Constrains clips to stay sharded: kernels are sharded too, and XLA would all-gather the clips instead of them."""
    return nn.with_logical_constraint(x, ("clip", None, None))


class BertAttention(nn.Module):
    """Multi-head attention with its output projection, residual and norm."""

    spec: BertSpec

    @nn.compact
    def __call__(
        self,
        x: Float[Array, "n N D"],
        memory: Float[Array, "n C D_vision"],
        mask: Bool[Array, "n C"] | None,
        drop_path: Float[Array, ""] | None,
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


def feed_forward(
    spec: BertSpec,
    x: Float[Array, "n N D"],
    drop_path: Float[Array, ""] | None,
    *,
    mlp: str,
    norm: str,
    deterministic: bool,
) -> Float[Array, "n N D"]:
    """Adds a feed-forward branch to the stream and normalises; for a compact method of a module.

    Args:
      spec: sizes of the layer.
      x: the stream.
      drop_path: rate of drop path; None: without it.
      mlp: name of the feed-forward block among the module's parameters.
      norm: name of the norm.
      deterministic: without dropout.
    """
    types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
    branch = FeedForward(spec.hidden, name=mlp, **types)(x)
    branch = _drop(spec, branch, drop_path, deterministic=deterministic)
    return keep_clips(LayerNorm(NORM_EPSILON, name=norm)(x + branch))


class BertLayer(nn.Module):
    """Self-attention and a feed-forward block, with the signature that `run_stack` expects."""

    spec: BertSpec

    @nn.compact
    def __call__(
        self, x: Float[Array, "n N D"], _: None, mask: Bool[Array, "n N"], *, deterministic: bool
    ) -> tuple[Float[Array, "n N D"], None]:
        """Returns the updated stream; positions where `mask` is False are not attended to."""
        attention = BertAttention(self.spec, name="attention")
        x = attention(x, x, mask, None, deterministic=deterministic)
        return feed_forward(self.spec, x, None, mlp="mlp", norm="norm", deterministic=deterministic), None
