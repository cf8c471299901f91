"""InternVideo2's video encoder (arXiv:2403.15377, `single_modality/models/internvideo2.py` upstream).

A pre-norm ViT over a class token and the patches of all frames, ordered by time, row and column. The norms are RMSNorm,
and there is none after the last block. Hidden patches are left out before the first product: a masked clip costs what
its visible patches cost. Attention pooling makes one feature of the tokens.
"""

from typing import Any

import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.layers import Linear, run_stack, run_stack_collecting
from timesuite_jax.layers.linear import torch_uniform
from timesuite_jax.models.vision.attention_pool import LINEAR_STD, AttentionPool
from timesuite_jax.models.vision.internvideo2_block import InternVideo2Block
from timesuite_jax.models.vision.internvideo2_spec import InternVideo2Spec
from timesuite_jax.models.vision.video_positions import VideoPositions


class InternVideo2Encoder(nn.Module):
    """Encodes the frames of clips as tokens and as one feature; a `VideoEncoder`."""

    spec: InternVideo2Spec

    @nn.compact
    def __call__(
        self,
        frames: Float[Array, "n F H W 3"],
        *,
        mask: Bool[Array, "n N"] | None = None,
        visible: int | None = None,
        deterministic: bool = True,
    ) -> tuple[Float[Array, "n N_out D"], dict[str, Any]]:
        """Encodes clips of `spec.num_frames` frames, or images (one frame).

        Args:
          frames: normalised pixels.
          mask: patches that are encoded, the same number in each clip; None: all.
          visible: that number. It is a shape, which the values of `mask` cannot give to a compiled program.
          deterministic: without drop path.

        Returns:
          Tokens of the class token and the encoded patches, without final norm, and a dictionary: "pooled" [n, D_out],
          "pool_attention" [n, N_out], and "layers" [L, n, N_out, D] if `spec.return_layers` names any.

        Raises:
          UserError: if the number or the size of the frames differs from the spec.
          ValueError: if only one of `mask` and `visible` is given.
        """
        spec = self.spec
        spec.check_frames(frames)
        if (mask is None) != (visible is None):
            raise ValueError("give both mask and visible, or neither")
        side = spec.patch_size
        patches = rearrange(frames, "n F (H h) (W w) c -> n (F H W) (h w c)", h=side, w=side)
        positions = VideoPositions(spec, name="positions")(frames.shape[1])
        kept = positions[None, 1:]
        if mask is not None and visible is not None:
            indices = visible_indices(mask, visible)
            patches = jnp.take_along_axis(patches, indices[:, :, None], axis=1)
            kept = positions[1:][indices]
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        init = torch_uniform(3 * side**2)
        embed = Linear(spec.width, ("patch", "embed"), kernel_init=init, bias_init=init, name="patch_embed", **types)
        x = embed(patches)
        x = x + jnp.broadcast_to(kept.astype(spec.dtype), x.shape)
        init = nn.with_logical_partitioning(nn.initializers.normal(LINEAR_STD), (None, None, "embed"))
        cls = self.param("cls_token", init, (1, 1, spec.width), jnp.dtype(spec.param_dtype))
        cls = (cls + positions[None, :1]).astype(spec.dtype)
        x = jnp.concatenate([jnp.broadcast_to(cls, (len(x), 1, spec.width)), x], axis=1)
        x = nn.with_logical_constraint(x, ("clip", "frame_token", None))

        rates = jnp.linspace(0.0, spec.drop_path, spec.depth)
        stack = {"length": spec.depth, "unroll": spec.unroll, "remat": spec.remat, "deterministic": deterministic}
        block, aux = InternVideo2Block(spec, name="blocks"), {}
        if spec.return_layers:
            x, aux["layers"] = run_stack_collecting(block, x, rates, collect=spec.collected, **stack)
        else:
            x, _ = run_stack(block, x, rates, **stack)
        pool = AttentionPool(spec.pool_heads, spec.pool_width, name="pool", **types)
        aux["pooled"], aux["pool_attention"] = pool(x)
        return x, aux


def visible_indices(mask: Bool[Array, "n N"], visible: int) -> Int[Array, "n N_visible"]:
    """Numbers of the first `visible` patches of each clip where `mask` is True, ascending."""
    return jnp.argsort(~mask, axis=1, stable=True)[:, :visible]
