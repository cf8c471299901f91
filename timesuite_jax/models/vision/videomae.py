"""The encoder of VideoMAE v2 (arXiv:2303.16727) as a teacher of InternVideo2: `single_modality/models/videomae.py`.

A pre-norm ViT over patches of two frames, without class token, with fixed sinusoids as positions. The final norm is
part of the last block's output only.
"""

import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.errors import UserError
from timesuite_jax.layers import LayerNorm, Linear, run_stack_collecting
from timesuite_jax.models.vision.bias_block import BiasBlock
from timesuite_jax.models.vision.resized_sinusoids import resized_sinusoids
from timesuite_jax.models.vision.videomae_spec import VideoMaeSpec


class VideoMaeEncoder(nn.Module):
    """Encodes clips as the outputs of the blocks that `spec.return_layers` names."""

    spec: VideoMaeSpec

    @nn.compact
    def __call__(self, frames: Float[Array, "n F H W 3"]) -> Float[Array, "L n N D"]:
        """Encodes clips.

        Args:
          frames: normalised pixels of `spec.num_frames` frames.

        Returns:
          Tokens ordered by time, row and column, for each block; those of the last block are normalised.

        Raises:
          UserError: if the number or the size of the frames differs from the spec.
        """
        spec = self.spec
        count, *size = frames.shape[1:4]
        if count != spec.num_frames or size != [spec.image_size] * 2:
            raise UserError(
                f"the MAE teacher got clips of {count} frames of {size[0]}x{size[1]} pixels, but its config has "
                f"mae_teacher.num_frames={spec.num_frames} and mae_teacher.image_size={spec.image_size}; change one "
                "of them"
            )
        side = spec.patch_size
        patches = rearrange(frames, "n (F t) (H h) (W w) c -> n (F H W) (t h w c)", t=spec.tubelet, h=side, w=side)
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        x = Linear(spec.width, ("patch", "embed"), name="patch_embed", **types)(patches)
        positions = resized_sinusoids(spec.width, spec.pretrained_steps, (count // spec.tubelet, spec.grid))
        x = x + jnp.asarray(positions, spec.dtype)[None]
        x = nn.with_logical_constraint(x, ("clip", "frame_token", None))
        block = BiasBlock(spec, across_heads=spec.attention_layout == "as_written", name="blocks")
        stack = {"length": spec.depth, "unroll": spec.unroll}
        x, layers = run_stack_collecting(block, x, None, None, collect=spec.collected, **stack)
        norm = LayerNorm(1e-6, dtype=spec.dtype, name="norm")  # has parameters, used or not
        normed = norm(x)
        if spec.collected[-1:] == (spec.depth - 1,):
            layers = jnp.concatenate([layers[:-1], normed[None]])
        return layers
