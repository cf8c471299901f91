"""UMT vision tower (Unmasked Teacher, arXiv:2303.16058) as VideoChat2 and VideoChat-T run it: `blip2/vit.py` upstream.

A plain pre-norm ViT over the patches of all frames of a clip at once, without class token and without final norm: the
last blocks are cut off (`return_index`) and the caller's `vision_layernorm` follows. Tokens run over time first, then
rows, then columns. The names of the parameters are those of the checkpoints.
"""

import dataclasses
import functools
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Float, Float32

from timesuite_jax.config_spec import check_least
from timesuite_jax.errors import UserError
from timesuite_jax.layers import FeedForward, LayerNorm, Linear, attention, check_choices, run_stack
from timesuite_jax.layers.positions import bicubic_resize_matrix, linear_resize_matrix, sinusoid_table

# The grid that the released towers were trained on, 224 / 16; upstream's table for other sizes is shrunk from it.
_PRETRAINING_GRID = 14

VARIANTS: dict[str, dict[str, int]] = {  # Unmasked Teacher, table of architectures; the two-block one is ours
    "large": {"width": 1024, "depth": 24, "heads": 16},
    "base": {"width": 768, "depth": 12, "heads": 12},
    "debug": {"width": 32, "depth": 3, "heads": 2, "image_size": 32, "patch_size": 16},
}


@dataclasses.dataclass(frozen=True)
class UmtSpec:
    """Sizes of a tower; the defaults are the released UMT-L/16."""

    image_size: int = 224  # pixels, square
    patch_size: int = 16
    width: int = 1024
    depth: int = 24  # of the checkpoint; see `blocks`
    heads: int = 16
    mlp_ratio: int = 4
    return_index: int = -2  # -1 is the last block's output, -2 the one before: the blocks above do not exist
    num_frames: int = 8  # frames of a clip
    ckpt_num_frame: int = 4  # frames of the position table before it is stretched to `num_frames`
    position_table: Literal["auto", "native", "resized"] = "auto"  # "auto": upstream's rule, native for 224 pixels
    dtype: str = "float32"  # of the computation
    param_dtype: str = "float32"
    attention: str = "auto"  # a name of layers.attention.IMPLEMENTATIONS
    remat: str = "none"  # a name of layers.REMAT_POLICIES; of use only where the tower is trained
    unroll: bool = False

    @classmethod
    def from_variant(cls, variant: str, **overrides: Any) -> "UmtSpec":
        """Spec of a named variant ("large", "base", "debug"), fields replaced by `overrides`.

        Raises:
          UserError: on an unknown variant.
        """
        if variant not in VARIANTS:
            raise UserError(f"vision variant {variant!r} is unknown; choose one of {sorted(VARIANTS)}")
        return cls(**{**VARIANTS[variant], **overrides})

    def __post_init__(self) -> None:
        positive = ("image_size", "patch_size", "width", "heads", "mlp_ratio", "num_frames", "ckpt_num_frame")
        check_least(self, "vision", dict.fromkeys(positive, 1))
        check_choices(self, "vision")
        if self.image_size % self.patch_size:
            raise UserError(
                f"vision.image_size={self.image_size} is not a multiple of vision.patch_size={self.patch_size}; "
                "choose a multiple"
            )
        if self.width % self.heads:
            raise UserError(f"vision.heads={self.heads} does not divide vision.width={self.width}; choose a divisor")
        if self.blocks < 1:
            raise UserError(
                f"vision.depth={self.depth} with vision.return_index={self.return_index} leaves no block to run; "
                "raise the depth or the index"
            )
        if self.position_table not in ("auto", "native", "resized"):
            raise UserError(
                f"vision.position_table={self.position_table!r} is unknown; choose 'auto', 'native' or 'resized'"
            )

    @property
    def blocks(self) -> int:
        """Number of blocks that really run (and have parameters)."""
        return self.depth + self.return_index + 1

    @property
    def grid(self) -> int:
        """Patches along one side of a frame."""
        return self.image_size // self.patch_size

    def tokens(self, frames: int) -> int:
        """Number of tokens of a clip of `frames` frames."""
        return frames * self.grid**2


@functools.lru_cache(maxsize=8)
def position_table(spec: UmtSpec, frames: int) -> Float32[np.ndarray, "N D"]:
    """Position table of a clip (`spec.num_frames` frames) or of an image (one frame).

    Positions count on over time, rows and columns. A clip's table is made for `ckpt_num_frame` frames and stretched
    linearly in time; "native" makes it on the model's own grid, "resized" shrinks the pretraining grid bicubically.
    """
    native = spec.image_size == 224 if spec.position_table == "auto" else spec.position_table == "native"
    made = 1 if frames == 1 else spec.ckpt_num_frame
    side = spec.grid if native else _PRETRAINING_GRID
    # Upstream rounds the table to float32 before it interpolates.
    table = sinusoid_table(made * side**2, spec.width).astype(np.float32).astype(np.float64)
    table = rearrange(table, "(F H W) D -> F H W D", H=side, W=side)
    if side != spec.grid:
        resize = bicubic_resize_matrix(side, spec.grid)
        table = np.einsum("yH,xW,FHWD->FyxD", resize, resize, table, optimize=True)
    if made != frames:
        table = np.einsum("TF,FHWD->THWD", linear_resize_matrix(made, frames), table)
    return rearrange(table, "F H W D -> (F H W) D").astype(np.float32)


class UmtAttention(nn.Module):
    """Full self-attention over the tokens of a clip; queries and values have a bias, keys have none."""

    spec: UmtSpec

    @nn.compact
    def __call__(self, x: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
        """Attends; `n` is clips of all samples."""
        spec = self.spec
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        qkv = Linear(3 * spec.width, ("embed", "heads"), use_bias=False, name="qkv", **types)(x)
        zeros = nn.with_logical_partitioning(nn.initializers.zeros_init(), ("heads",))
        q_bias = self.param("q_bias", zeros, (spec.width,), spec.param_dtype).astype(spec.dtype)
        v_bias = self.param("v_bias", zeros, (spec.width,), spec.param_dtype).astype(spec.dtype)
        q, k, v = rearrange(qkv, "n N (three h d) -> three n N h d", three=3, h=spec.heads)
        q = q + rearrange(q_bias, "(h d) -> 1 1 h d", h=spec.heads)
        v = v + rearrange(v_bias, "(h d) -> 1 1 h d", h=spec.heads)
        mixed = rearrange(attention(q, k, v, impl=spec.attention), "n N h d -> n N (h d)")
        return Linear(spec.width, ("heads", "embed"), name="proj", **types)(mixed)


class UmtBlock(nn.Module):
    """Pre-norm block: attention, then feed-forward, each added to the stream."""

    spec: UmtSpec

    @nn.compact
    def __call__(self, x: Float[Array, "n N D"], _: None) -> tuple[Float[Array, "n N D"], None]:
        """One step of `run_stack`."""
        spec = self.spec
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        with jax.named_scope("umt_block"):
            x = x + UmtAttention(spec, name="attn")(LayerNorm(1e-6, dtype=spec.dtype, name="norm1")(x))
            hidden = LayerNorm(1e-6, dtype=spec.dtype, name="norm2")(x)
            return x + FeedForward(spec.mlp_ratio * spec.width, name="mlp", **types)(hidden), None


class UmtTower(nn.Module):
    """Frames of clips -> tokens."""

    spec: UmtSpec

    @nn.compact
    def __call__(self, frames: Float[Array, "n F H W 3"]) -> Float[Array, "n N D"]:
        """Encodes clips of `spec.num_frames` frames, or images (one frame).

        Args:
          frames: normalised pixels.

        Returns:
          Tokens, time-major, without final norm.

        Raises:
          UserError: if the frames have another number or size than the spec says.
        """
        spec = self.spec
        count, *size = frames.shape[1:4]
        if count not in (1, spec.num_frames) or size != [spec.image_size] * 2:
            raise UserError(
                f"the vision tower got {count} frames of {size[0]}x{size[1]} pixels a clip, its config says "
                f"vision.num_frames={spec.num_frames} (or one frame), vision.image_size={spec.image_size}"
            )
        side = spec.patch_size
        patches = rearrange(frames, "n F (H h) (W w) c -> n (F H W) (h w c)", h=side, w=side)
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        x = Linear(spec.width, ("patch", "embed"), name="patch_embed", **types)(patches)
        x = x + jnp.asarray(position_table(spec, count), spec.dtype)[None]
        x = nn.with_logical_constraint(x, ("clip", "frame_token", None))
        stack = {"length": spec.blocks, "unroll": spec.unroll, "remat": spec.remat}
        x, _ = run_stack(UmtBlock(spec, name="blocks"), x, None, **stack)
        return x
