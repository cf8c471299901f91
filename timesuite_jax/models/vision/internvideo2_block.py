"""A block of InternVideo2: pre-norm attention and feed-forward, each with layer scale and drop path."""

import jax
import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.layers import DropPath, FeedForward, LayerScale, Linear, RMSNorm, attention
from timesuite_jax.models.vision.attention_pool import LINEAR_STD
from timesuite_jax.models.vision.internvideo2_spec import InternVideo2Spec

NORM_EPSILON = 1e-6


class InternVideo2Attention(nn.Module):
    """Full self-attention; queries and keys are normalised over all heads together, not head by head."""

    spec: InternVideo2Spec

    @nn.compact
    def __call__(self, x: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
        """Attends to all tokens of the clip."""
        spec = self.spec
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        kernel_init = nn.initializers.normal(LINEAR_STD)
        qkv = Linear(3 * spec.width, ("embed", "heads"), use_bias=False, kernel_init=kernel_init, name="qkv", **types)(
            x
        )
        q, k, v = jnp.split(qkv, 3, axis=-1)
        q = RMSNorm(NORM_EPSILON, axis="heads", name="q_norm", **types)(q)
        k = RMSNorm(NORM_EPSILON, axis="heads", name="k_norm", **types)(k)
        q, k, v = (rearrange(part, "n N (h d) -> n N h d", h=spec.heads) for part in (q, k, v))
        mixed = rearrange(attention(q, k, v, impl=spec.attention), "n N h d -> n N (h d)")
        return Linear(spec.width, ("heads", "embed"), kernel_init=kernel_init, name="proj", **types)(mixed)


class InternVideo2Block(nn.Module):
    """One block, with the signature that `run_stack` expects."""

    spec: InternVideo2Spec

    @nn.compact
    def __call__(
        self, x: Float[Array, "n N D"], drop_path: Float[Array, ""], *, deterministic: bool
    ) -> tuple[Float[Array, "n N D"], None]:
        """Adds both branches to the stream; `drop_path` is the rate at which a clip skips each."""
        spec = self.spec
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}

        def add(name: str, branch: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
            scale = LayerScale(spec.layer_scale, spec.layer_scale_float32, jnp.dtype(spec.param_dtype), name=name)
            branch = DropPath()(scale(branch), drop_path, deterministic=deterministic)
            return nn.with_logical_constraint(x + branch, ("clip", "frame_token", None))

        with jax.named_scope("internvideo2_block"):
            normed = RMSNorm(NORM_EPSILON, name="norm1", **types)(x)
            x = add("ls1", InternVideo2Attention(spec, name="attn")(normed))
            normed = RMSNorm(NORM_EPSILON, name="norm2", **types)(x)
            mlp = FeedForward(
                spec.mlp_hidden, spec.activation, kernel_init=nn.initializers.normal(LINEAR_STD), name="mlp", **types
            )
            x = add("ls2", mlp(normed))
        return x, None
