"""UMT video encoder (Unmasked Teacher, arXiv:2303.16058) as VideoChat2 and VideoChat-T use it: `blip2/vit.py` upstream.

A plain pre-norm ViT over the patches of all frames of a clip, without class token and without final norm: the last
blocks are removed (`return_index`), and the caller applies its own norm. Tokens are ordered by time, row and column.
Parameter names are those of the checkpoints.
"""

from typing import Any

import jax
import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float

from timesuite_jax.errors import UserError
from timesuite_jax.layers import FeedForward, LayerNorm, Linear, attention, run_stack
from timesuite_jax.models.vision.umt_positions import position_table
from timesuite_jax.models.vision.umt_spec import UmtSpec


class UmtAttention(nn.Module):
    """Full self-attention over the tokens of a clip; queries and values have a bias, keys do not."""

    spec: UmtSpec

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
        mixed = rearrange(attention(q, k, v, kv_mask=mask, impl=spec.attention), "n N h d -> n N (h d)")
        return Linear(spec.width, ("heads", "embed"), name="proj", **types)(mixed)


class UmtBlock(nn.Module):
    """Pre-norm block of attention and feed-forward, with the signature that `run_stack` expects."""

    spec: UmtSpec

    @nn.compact
    def __call__(
        self, x: Float[Array, "n N D"], _: None, mask: Bool[Array, "n N"] | None
    ) -> tuple[Float[Array, "n N D"], Float[Array, "n N D"] | None]:
        """Runs the block; the second result is what `return_layers` collects."""
        spec = self.spec
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        with jax.named_scope("umt_block"):
            x = x + UmtAttention(spec, name="attn")(LayerNorm(1e-6, dtype=spec.dtype, name="norm1")(x), mask)
            hidden = LayerNorm(1e-6, dtype=spec.dtype, name="norm2")(x)
            x = x + FeedForward(spec.mlp_ratio * spec.width, name="mlp", **types)(hidden)
        return x, x if spec.return_layers else None


class UmtEncoder(nn.Module):
    """Encodes the frames of clips as tokens; a `VideoEncoder`."""

    spec: UmtSpec

    @nn.compact
    def __call__(
        self, frames: Float[Array, "n F H W 3"], *, mask: Bool[Array, "n N"] | None = None
    ) -> tuple[Float[Array, "n N D"], dict[str, Any]]:
        """Encodes clips of `spec.num_frames` frames, or images (one frame).

        Args:
          frames: normalised pixels.
          mask: tokens that are visible to the others; None: all.

        Returns:
          Tokens, time-major, without final norm, and a dictionary, with "layers" [L, n, N, D] if `spec.return_layers`.

        Raises:
          UserError: if the number or the size of the frames differs from the spec.
        """
        spec = self.spec
        count, *size = frames.shape[1:4]
        if count not in (1, spec.num_frames) or size != [spec.image_size] * 2:
            raise UserError(
                f"the video encoder got clips of {count} frames of {size[0]}x{size[1]} pixels, but its config has "
                f"vision.num_frames={spec.num_frames} (or one frame) and vision.image_size={spec.image_size}; "
                "change one of them"
            )
        side = spec.patch_size
        patches = rearrange(frames, "n F (H h) (W w) c -> n (F H W) (h w c)", h=side, w=side)
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        x = Linear(spec.width, ("patch", "embed"), name="patch_embed", **types)(patches)
        x = x + jnp.asarray(position_table(spec, count), spec.dtype)[None]
        x = nn.with_logical_constraint(x, ("clip", "frame_token", None))
        stack = {"length": spec.blocks, "unroll": spec.unroll, "remat": spec.remat}
        x, layers = run_stack(UmtBlock(spec, name="blocks"), x, None, mask, **stack)
        return x, {"layers": layers} if spec.return_layers else {}
