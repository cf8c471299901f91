"""UMT video encoder (Unmasked Teacher, arXiv:2303.16058) as VideoChat2 and VideoChat-T use it: `blip2/vit.py` upstream.

A plain pre-norm ViT over the patches of all frames of a clip, without class token and without final norm: the last
blocks are removed (`return_index`), and the caller applies its own norm. Tokens are ordered by time, row and column.
Parameter names are those of the checkpoints.
"""

from typing import Any

import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float

from timesuite_jax.layers import Linear, run_stack
from timesuite_jax.models.vision.bias_block import BiasBlock
from timesuite_jax.models.vision.umt_positions import position_table
from timesuite_jax.models.vision.umt_spec import UmtSpec


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
        spec.check_frames(frames)
        side = spec.patch_size
        patches = rearrange(frames, "n F (H h) (W w) c -> n (F H W) (h w c)", h=side, w=side)
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        x = Linear(spec.width, ("patch", "embed"), name="patch_embed", **types)(patches)
        x = x + jnp.asarray(position_table(spec, frames.shape[1]), spec.dtype)[None]
        x = nn.with_logical_constraint(x, ("clip", "frame_token", None))
        stack = {"length": spec.blocks, "unroll": spec.unroll, "remat": spec.remat}
        x, layers = run_stack(BiasBlock(spec, return_output=spec.return_layers, name="blocks"), x, None, mask, **stack)
        return x, {"layers": layers} if spec.return_layers else {}
