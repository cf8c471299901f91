"""The pre-norm block of UMT and VideoMAE: LayerNorms, and attention whose queries and values have a bias."""

from typing import Protocol

import jax
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float

from timesuite_jax.layers import FeedForward, LayerNorm, Linear, attention


class BiasBlockSpec(Protocol):
    """Sizes of a block."""

    @property
    def width(self) -> int:
        """Of the tokens."""
        ...

    @property
    def heads(self) -> int:
        """Of the attention."""
        ...

    @property
    def mlp_hidden(self) -> int:
        """Width of the feed-forward block."""
        ...

    @property
    def dtype(self) -> str:
        """Of the computation."""
        ...

    @property
    def param_dtype(self) -> str:
        """Of the parameters."""
        ...

    @property
    def attention(self) -> str:
        """Implementation of attention."""
        ...


class BiasAttention(nn.Module):
    """Full self-attention over the tokens of a clip; keys have no bias."""

    spec: BiasBlockSpec
    across_heads: bool = False  # attend to the heads of one token instead of the tokens, see `VideoMaeSpec`

    @nn.compact
    def __call__(self, x: Float[Array, "n N D"], mask: Bool[Array, "n N"] | None) -> Float[Array, "n N D"]:
        """Attends to the tokens where `mask` is True (None: all); `n` is the clips of all samples."""
        spec = self.spec
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        qkv = Linear(3 * spec.width, ("embed", "heads"), use_bias=False, name="qkv", **types)(x)
        zeros = nn.with_logical_partitioning(nn.initializers.zeros_init(), ("heads",))
        q_bias = self.param("q_bias", zeros, (spec.width,), spec.param_dtype).astype(spec.dtype)
        v_bias = self.param("v_bias", zeros, (spec.width,), spec.param_dtype).astype(spec.dtype)
        q, k, v = rearrange(qkv, "n N (three h d) -> three n N h d", three=3, h=spec.heads)
        q = q + rearrange(q_bias, "(h d) -> 1 1 h d", h=spec.heads)
        v = v + rearrange(v_bias, "(h d) -> 1 1 h d", h=spec.heads)
        if self.across_heads:
            q, k, v = (rearrange(part, "n N h d -> n h N d") for part in (q, k, v))
            mixed = attention(q, k, v, impl="xla")  # over a few heads; kernels are for long sequences
            mixed = mixed.reshape(x.shape)
        else:
            mixed = rearrange(attention(q, k, v, kv_mask=mask, impl=spec.attention), "n N h d -> n N (h d)")
        return Linear(spec.width, ("heads", "embed"), name="proj", **types)(mixed)


class BiasBlock(nn.Module):
    """Attention and feed-forward, with the signature that `run_stack` expects."""

    spec: BiasBlockSpec
    across_heads: bool = False
    return_output: bool = False  # as the second result too, which a stack collects

    @nn.compact
    def __call__(
        self, x: Float[Array, "n N D"], _: None, mask: Bool[Array, "n N"] | None
    ) -> tuple[Float[Array, "n N D"], Float[Array, "n N D"] | None]:
        """Runs the block; `mask` is True at tokens that the others attend to, None: at all."""
        spec = self.spec
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        with jax.named_scope("bias_block"):
            normed = LayerNorm(1e-6, dtype=spec.dtype, name="norm1")(x)
            x = x + BiasAttention(spec, self.across_heads, name="attn")(normed, mask)
            hidden = LayerNorm(1e-6, dtype=spec.dtype, name="norm2")(x)
            x = x + FeedForward(spec.mlp_hidden, name="mlp", **types)(hidden)
        return x, x if self.return_output else None
