"""A transformer layer of BEATs: attention with gated relative positions, and a feed-forward block.

Attention is not `layers.attention`: its bias differs from query to query, which the fused kernels do not support.
"""

import jax
import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jax.nn.initializers import Initializer
from jaxtyping import Array, Float

from timesuite_jax.layers import FeedForward, LayerNorm, Linear
from timesuite_jax.models.audio.beats_spec import BeatsSpec

NORM_EPSILON = 1e-5
_GATE_PARTS = 4  # numbers that are summed to one of the two gates


def _xavier(gain: float) -> Initializer:
    return nn.initializers.variance_scaling(gain**2, "fan_avg", "normal")


class BeatsAttention(nn.Module):
    """Multi-head self-attention whose bias of relative positions each query scales (WavLM, arXiv:2110.13900, 3.1)."""

    spec: BeatsSpec

    @nn.compact
    def __call__(self, x: Float[Array, "n N D"], bias: Float[Array, "h N N"]) -> Float[Array, "n N D"]:
        """Attends to all tokens.

        Args:
          x: the tokens.
          bias: added to the scores of (head, query, key), times the gate of head and query.
        """
        spec = self.spec
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}

        def heads(name: str, gain: float) -> Float[Array, "n h N d"]:
            projected = Linear(spec.width, ("embed", "heads"), kernel_init=_xavier(gain), name=name, **types)(x)
            split = rearrange(projected, "n N (h d) -> n h N d", h=spec.heads)
            return nn.with_logical_constraint(split, ("clip", "heads", None, None))

        q, k, v = heads("query", 1.0), heads("key", 1.0), heads("value", spec.branch_gain)
        gate = self._gate(q)
        q = q * (spec.width // spec.heads) ** -0.5
        scores = jnp.einsum("nhqd,nhkd->nhqk", q, k, preferred_element_type=jnp.float32)
        scores = scores + jnp.einsum("nhq,hqk->nhqk", gate, bias)
        weights = jax.nn.softmax(scores, axis=-1).astype(v.dtype)
        # As in `BertAttention`: otherwise XLA for TPUs computes the scores again within the next product.
        weights = jax.lax.optimization_barrier(weights)
        mixed = rearrange(jnp.einsum("nhqk,nhkd->nhqd", weights, v), "n h N d -> n N (h d)")
        out = Linear(spec.width, ("heads", "embed"), kernel_init=_xavier(spec.branch_gain), name="out", **types)
        return out(mixed)

    def _gate(self, q: Float[Array, "n h N d"]) -> Float[Array, "n h N"]:
        """The factor on the bias, about 1 to 3: of two sigmoids, one forgets a part of what a learnt scale adds."""
        spec = self.spec
        parts = Linear(2 * _GATE_PARTS, (None, None), name="gate", dtype=jnp.float32, param_dtype=spec.param_dtype)(q)
        summed = rearrange(parts, "n h N (gates parts) -> gates n h N parts", gates=2).sum(axis=-1)
        update, reset = jax.nn.sigmoid(summed)
        init = nn.with_logical_partitioning(nn.initializers.ones_init(), ("heads",))
        scale = self.param("gate_scale", init, (spec.heads,), spec.param_dtype).astype(jnp.float32)
        return update * (jnp.einsum("nhN,h->nhN", reset, scale) - 1.0) + 2.0


class BeatsLayer(nn.Module):
    """Attention and feed-forward, with the signature that `run_stack` expects."""

    spec: BeatsSpec

    @nn.compact
    def __call__(
        self, x: Float[Array, "n N D"], _: None, bias: Float[Array, "h N N"]
    ) -> tuple[Float[Array, "n N D"], None]:
        """Returns the updated stream; `bias` is that of relative positions, see `BeatsAttention`."""
        spec = self.spec
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        attention = BeatsAttention(spec, name="attention")
        mlp = FeedForward(spec.mlp_hidden, kernel_init=_xavier(spec.branch_gain), name="mlp", **types)
        attention_norm = LayerNorm(NORM_EPSILON, name="attention_norm")
        mlp_norm = LayerNorm(NORM_EPSILON, name="mlp_norm")
        with jax.named_scope("beats_layer"):
            if spec.pre_norm:
                x = x + attention(attention_norm(x), bias).astype(jnp.float32)
                return x + mlp(mlp_norm(x)).astype(jnp.float32), None
            scale = jnp.float32(spec.residual_scale)
            x = attention_norm(scale * x + attention(x, bias).astype(jnp.float32))
            return mlp_norm(scale * x + mlp(x).astype(jnp.float32)), None
