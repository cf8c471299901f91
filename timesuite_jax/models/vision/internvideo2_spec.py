"""Sizes of the InternVideo2 video encoder (arXiv:2403.15377) and its released variants."""

import dataclasses
from typing import ClassVar, Literal

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.layers import Activation, Attention, FloatType, Remat
from timesuite_jax.models.vision.encoder import VideoEncoderSpec
from timesuite_jax.models.vision.return_layers import check_layers, layer_numbers

VARIANTS: dict[str, dict[str, int]] = {  # `single_modality/models/internvideo2.py` upstream; "debug" is ours
    "small": {"width": 384, "depth": 12, "heads": 6, "mlp_hidden": 1536},
    "base": {"width": 768, "depth": 12, "heads": 12, "mlp_hidden": 3072},
    "large": {"width": 1024, "depth": 24, "heads": 16, "mlp_hidden": 4096},
    "1b": {"width": 1408, "depth": 40, "heads": 16, "mlp_hidden": 6144},
    "6b": {"width": 3200, "depth": 48, "heads": 25, "mlp_hidden": 12800},
    "debug": {
        **{"width": 32, "depth": 3, "heads": 2, "mlp_hidden": 64, "pool_heads": 2, "pool_width": 24},
        **{"image_size": 28, "patch_size": 14, "num_frames": 4},
    },
}


@dataclasses.dataclass(frozen=True)
class InternVideo2Spec(VideoEncoderSpec):
    """Sizes of an InternVideo2 encoder; the defaults are the released 1B."""

    variants: ClassVar = VARIANTS

    kind: Literal["internvideo2"] = "internvideo2"

    image_size: int = bounded(224, minimum=1)  # pixels, square
    patch_size: int = bounded(14, minimum=1)
    num_frames: int = bounded(8, minimum=1)  # frames of a clip
    width: int = bounded(1408, minimum=1)
    depth: int = bounded(40, minimum=1)
    heads: int = bounded(16, minimum=1)
    mlp_hidden: int = bounded(6144, minimum=1)
    pool_heads: int = bounded(16, minimum=1)  # of the attention pooling
    pool_width: int = bounded(768, minimum=1)  # of the pooled feature
    positions: Literal["joint", "separate"] = "joint"  # one table, or the sum of one in space and one in time
    image_positions: Literal["mean", "own"] = "mean"  # of an image: the table's mean over frames, or its own table
    activation: Activation = "gelu_tanh"  # upstream's fused kernels, which trained all released weights but stage 3's
    layer_scale: float = 1e-5  # initial value
    layer_scale_float32: bool = True  # False in the CLIP models and in stage 3
    drop_path: float = bounded(0.0, minimum=0, below=1)  # of the last block; it grows linearly with depth from 0
    dtype: FloatType = "float32"  # of the computation
    param_dtype: FloatType = "float32"
    attention: Attention = "auto"
    remat: Remat = "none"
    unroll: bool = False
    return_layers: tuple[int, ...] = ()  # blocks whose outputs are returned as aux["layers"]; -1 is the last

    def __post_init__(self) -> None:
        """Validates the sizes.

        Raises:
          UserError: naming the field that is out of range.
        """
        super().__post_init__()
        check_bounds(self)
        for total, divisor in (("image_size", "patch_size"), ("width", "heads"), ("width", "pool_heads")):
            if getattr(self, total) % getattr(self, divisor):
                raise UserError(
                    f"vision.{divisor}={getattr(self, divisor)} does not divide vision.{total}={getattr(self, total)}; "
                    "choose a divisor"
                )
        if self.width % 16:
            raise UserError(
                f"vision.width={self.width} is not a multiple of 16, which the sine-cosine table in three dimensions "
                "needs; choose a multiple"
            )
        check_layers(self.return_layers, self.depth, "vision")

    @property
    def collected(self) -> tuple[int, ...]:
        """Numbers of the blocks of `return_layers`, counted from 0."""
        return layer_numbers(self.return_layers, self.depth)

    @property
    def grid(self) -> int:
        """Patches along one side of a frame."""
        return self.image_size // self.patch_size

    def patches(self, frames: int) -> int:
        """Number of patches of a clip of `frames` frames."""
        return frames * self.grid**2

    def tokens(self, frames: int) -> int:
        """Number of tokens of a clip of `frames` frames: its patches and the class token."""
        return 1 + self.patches(frames)

    @property
    def flops(self) -> float:
        """Floating-point operations of the forward pass of one clip, as matrix products."""
        return self.masked_flops(self.patches(self.num_frames))

    def masked_flops(self, visible: int) -> float:
        """Floating-point operations of the forward pass of one clip of which `visible` patches are encoded."""
        tokens, width = 1 + visible, self.width
        projections = 2 * tokens * width * (4 * width + 2 * self.mlp_hidden)
        attention = 4 * tokens**2 * width
        patches = 2 * visible * 3 * self.patch_size**2 * width
        # Keys and values of all tokens, query and output of one.
        pool = 4 * tokens * width**2 + 4 * tokens * width + 2 * width * (width + self.pool_width)
        return float(self.depth * (projections + attention) + patches + pool)
