"""Sizes of the UMT video encoder and its released variants."""

import dataclasses
from typing import ClassVar, Literal

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.layers import Attention, FloatType, Remat
from timesuite_jax.models.vision.encoder import VideoEncoderSpec

VARIANTS: dict[str, dict[str, int]] = {  # Unmasked Teacher, table of architectures; "debug" is ours
    "large": {"width": 1024, "depth": 24, "heads": 16},
    "base": {"width": 768, "depth": 12, "heads": 12},
    "debug": {"width": 32, "depth": 3, "heads": 2, "image_size": 32, "patch_size": 16},
}


@dataclasses.dataclass(frozen=True)
class UmtSpec(VideoEncoderSpec):
    """Sizes of a UMT encoder; the defaults are the released UMT-L/16."""

    variants: ClassVar = VARIANTS

    kind: Literal["umt"] = "umt"

    image_size: int = bounded(224, minimum=1)  # pixels, square
    patch_size: int = bounded(16, minimum=1)
    width: int = bounded(1024, minimum=1)
    depth: int = 24  # of the checkpoint; see `blocks`
    heads: int = bounded(16, minimum=1)
    mlp_ratio: int = bounded(4, minimum=1)
    return_index: int = -2  # -1: output of the last block, -2: of the one before; the blocks above it are not created
    num_frames: int = bounded(8, minimum=1)  # frames of a clip
    ckpt_num_frame: int = bounded(4, minimum=1)  # frames of the position table, which is interpolated to `num_frames`
    position_table: Literal["auto", "native", "resized"] = "auto"  # "auto": as upstream, native at 224 pixels
    dtype: FloatType = "float32"  # of the computation
    param_dtype: FloatType = "float32"
    attention: Attention = "auto"
    remat: Remat = "none"  # useful only if the encoder is trained
    unroll: bool = False
    return_layers: bool = False  # return the outputs of all blocks as aux["layers"]

    def __post_init__(self) -> None:
        """Validates the sizes.

        Raises:
          UserError: naming the field that is out of range.
        """
        super().__post_init__()
        check_bounds(self)
        if self.image_size % self.patch_size:
            raise UserError(
                f"vision.image_size={self.image_size} is not a multiple of vision.patch_size={self.patch_size}; "
                "choose a multiple"
            )
        if self.width % self.heads:
            raise UserError(f"vision.heads={self.heads} does not divide vision.width={self.width}; choose a divisor")
        if self.blocks < 1:
            raise UserError(
                f"vision.depth={self.depth} with vision.return_index={self.return_index} leaves no block; "
                "increase one of them"
            )

    @property
    def blocks(self) -> int:
        """Number of blocks that are run and have parameters."""
        return self.depth + self.return_index + 1

    @property
    def mlp_hidden(self) -> int:
        """Width of the feed-forward blocks."""
        return self.mlp_ratio * self.width

    @property
    def grid(self) -> int:
        """Patches along one side of a frame."""
        return self.image_size // self.patch_size

    def tokens(self, frames: int) -> int:
        """Number of tokens of a clip of `frames` frames."""
        return frames * self.grid**2

    @property
    def flops(self) -> float:
        """Floating-point operations of the forward pass of one clip, as matrix products."""
        tokens, width = self.tokens(self.num_frames), self.width
        projections = 2 * tokens * width * width * (4 + 2 * self.mlp_ratio)
        attention = 4 * tokens**2 * width
        patches = 2 * tokens * 3 * self.patch_size**2 * width
        return float(self.blocks * (projections + attention) + patches)
