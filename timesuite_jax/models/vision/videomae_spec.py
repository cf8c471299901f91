"""Sizes of the VideoMAE v2 video encoder (arXiv:2303.16727) and its released variant."""

import dataclasses
from typing import Any, ClassVar, Literal

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.layers import Attention, FloatType
from timesuite_jax.models.vision.encoder import VideoEncoderSpec
from timesuite_jax.models.vision.return_layers import check_layers, layer_numbers

VARIANTS: dict[str, dict[str, Any]] = {  # "debug" is ours
    "giant": {},
    "debug": {
        **{"width": 24, "depth": 3, "heads": 2, "mlp_hidden": 48, "return_layers": (-2, -1)},
        **{"image_size": 28, "num_frames": 8, "pretrained_frames": 8, "pretrained_size": 28},
    },
}


@dataclasses.dataclass(frozen=True)
class VideoMaeSpec(VideoEncoderSpec):
    """Sizes of a VideoMAE encoder; the defaults are VideoMAEv2-g, the teacher of InternVideo2.

    Upstream passes [n, heads, tokens, width] to an attention that expects [n, tokens, heads, width], so that a token's
    heads attend to each other, and merges the heads of the result in that order. `attention_layout` "as_written" does
    the same. It is unknown which of the two trained the released weights of InternVideo2; VideoMAE itself is
    "standard".
    """

    variants: ClassVar = VARIANTS

    kind: Literal["videomae"] = "videomae"

    image_size: int = bounded(224, minimum=1)  # pixels, square
    patch_size: int = bounded(14, minimum=1)
    num_frames: int = bounded(16, minimum=1)  # frames of a clip
    tubelet: int = bounded(2, minimum=1)  # frames of a patch
    width: int = bounded(1408, minimum=1)
    depth: int = bounded(40, minimum=1)
    heads: int = bounded(16, minimum=1)
    mlp_hidden: int = bounded(6144, minimum=1)
    pretrained_frames: int = bounded(16, minimum=1)  # of a clip in pretraining; the position table is resized from it
    pretrained_size: int = bounded(224, minimum=1)  # pixels of a frame in pretraining, likewise
    attention_layout: Literal["standard", "as_written"] = "standard"
    dtype: FloatType = "float32"  # of the computation
    param_dtype: FloatType = "float32"
    attention: Attention = "auto"
    unroll: bool = False
    return_layers: tuple[int, ...] = (-4, -3, -2, -1)  # blocks whose outputs are returned; -1 is the last

    def __post_init__(self) -> None:
        """Validates the sizes.

        Raises:
          UserError: naming the field that is out of range.
        """
        super().__post_init__()
        check_bounds(self)
        divisors = {"image_size": "patch_size", "pretrained_size": "patch_size", "width": "heads"}
        divisors |= {"num_frames": "tubelet", "pretrained_frames": "tubelet"}
        for total, divisor in divisors.items():
            if getattr(self, total) % getattr(self, divisor):
                raise UserError(
                    f"mae_teacher.{divisor}={getattr(self, divisor)} does not divide mae_teacher.{total}="
                    f"{getattr(self, total)}; choose a divisor"
                )
        check_layers(self.return_layers, self.depth, "mae_teacher")

    @property
    def collected(self) -> tuple[int, ...]:
        """Numbers of the blocks of `return_layers`, counted from 0."""
        return layer_numbers(self.return_layers, self.depth)

    @property
    def grid(self) -> int:
        """Patches along one side of a frame."""
        return self.image_size // self.patch_size

    @property
    def pretrained_steps(self) -> tuple[int, int]:
        """Time steps, and patches along one side of a frame, in pretraining."""
        return self.pretrained_frames // self.tubelet, self.pretrained_size // self.patch_size

    def tokens(self, frames: int) -> int:
        """Number of tokens of a clip of `frames` frames."""
        return frames // self.tubelet * self.grid**2

    @property
    def flops(self) -> float:
        """Floating-point operations of the forward pass of one clip, as matrix products."""
        tokens, width = self.tokens(self.num_frames), self.width
        projections = 2 * tokens * width * (4 * width + 2 * self.mlp_hidden)
        mixed = tokens if self.attention_layout == "standard" else self.heads
        patches = 2 * tokens * 3 * self.tubelet * self.patch_size**2 * width
        return float(self.depth * (projections + 4 * tokens * mixed * width) + patches)
