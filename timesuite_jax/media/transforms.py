"""Spatial transforms of sampled frames: uint8 to square uint8, with one crop box for all frames of a video.

Frames are transferred as uint8 and normalised on the device.

| variant | training | evaluation | follows |
|---|---|---|---|
| `default` | random resized crop, antialiased | resize short side, centre crop, antialiased | same filter in both |
| `whole` | resize whole frame, ignoring aspect | the same | upstream on VideoMME; crops nothing |
| `upstream_whole` | Pillow: resize whole frame | the same | upstream on VideoMME, pixel by pixel |
| `upstream` | random resized crop *without* antialiasing, flip | Pillow: resize short side, centre crop | upstream |

Flips are off by default: they would invalidate "left" and "right" in questions.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.errors import UserError
from timesuite_jax.media.frame_converter import Resize
from timesuite_jax.media.resample import Box, crop, resize_aliased, resize_antialiased

# Arguments with which upstream calls torchvision's RandomResizedCrop.
_AREA = (0.5, 1.0)
_RATIO = (3 / 4, 4 / 3)
_TRIES = 10


@dataclass(frozen=True)
class TransformSpec:
    """Crops and resizes frames, in one mode (training or evaluation)."""

    size: int
    crop: Literal["random_resized", "centre", "whole"] = "centre"
    antialias: bool = True
    flip_probability: float = 0.0
    shrink_while_decoding: bool = True  # most of the downscaling by swscale's area filter, not Pillow's bicubic

    @classmethod
    def from_variant(cls, variant: str, size: int, *, train: bool) -> "TransformSpec":
        """Looks up a variant of the module's table."""
        table = {
            ("default", True): cls(size, "random_resized"),
            ("default", False): cls(size, "centre"),
            ("whole", True): cls(size, "whole"),
            ("whole", False): cls(size, "whole"),
            ("upstream_whole", True): cls(size, "whole", shrink_while_decoding=False),
            ("upstream_whole", False): cls(size, "whole", shrink_while_decoding=False),
            ("upstream", True): cls(size, "random_resized", False, 0.5, False),
            ("upstream", False): cls(size, "centre", True, 0.0, False),
        }
        if (variant, train) not in table:
            raise UserError(f"unknown transform {variant!r}; choose one of {', '.join(sorted({v for v, _ in table}))}")
        return table[variant, train]

    @property
    def deterministic(self) -> bool:
        """Whether the same input always yields the same output."""
        return self.crop != "random_resized" and self.flip_probability == 0

    def decode_size(self) -> Resize | None:
        """Returns the size to which the decoder may resize without later magnification; None for no resizing."""
        if not self.shrink_while_decoding:
            return None
        if self.crop == "whole":
            return lambda height, width: (self.size, self.size)
        # The smallest random crop must keep about `size` pixels per side, or it would be magnified.
        side = self.size if self.crop == "centre" else math.ceil(self.size / math.sqrt(_AREA[0]))
        return lambda height, width: (height, width) if min(height, width) <= side else short_side(height, width, side)

    def __call__(
        self, frames: UInt8[np.ndarray, "T H W 3"], rng: np.random.Generator | None = None
    ) -> UInt8[np.ndarray, "T size size 3"]:
        """Crops and resizes the frames of one video.

        Raises:
          ValueError: a random transform without `rng`.
        """
        if rng is None:
            if not self.deterministic:
                raise ValueError(f"transform {self.crop!r} is random and needs rng, got None")
            rng = np.random.default_rng(0)  # unused: the transform is deterministic
        resize = resize_antialiased if self.antialias else resize_aliased
        height, width = frames.shape[1:3]
        square = (self.size, self.size)
        if self.crop == "whole":
            out = resize(frames, square)
        elif self.crop == "centre":
            out = resize(frames, short_side(height, width, self.size))
            out = crop(out, centre_box(*out.shape[1:3], self.size))
        else:
            out = resize(frames, square, box=random_box(height, width, rng))
        if self.flip_probability and rng.random() < self.flip_probability:
            out = out[:, :, ::-1]
        return np.ascontiguousarray(out)


def short_side(height: int, width: int, side: int) -> tuple[int, int]:
    """Computes (height, width) with short side `side` and the same aspect (long side rounded down, as torchvision)."""
    if height <= width:
        return side, int(side * width / height)
    return int(side * height / width), side


def centre_box(height: int, width: int, size: int) -> Box:
    """Computes the centred square box, rounded as torchvision's CenterCrop."""
    return round((height - size) / 2), round((width - size) / 2), size, size


def random_box(
    height: int,
    width: int,
    rng: np.random.Generator,
    *,
    area: tuple[float, float] = _AREA,
    ratio: tuple[float, float] = _RATIO,
) -> Box:
    """Draws a box as torchvision's RandomResizedCrop.

    Args:
      height: of the frames.
      width: of the frames.
      rng: generator.
      area: smallest and largest share of the frame's area.
      ratio: smallest and largest width divided by height.
    """
    for _ in range(_TRIES):
        pixels = height * width * rng.uniform(*area)
        aspect = math.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1])))
        w, h = round(math.sqrt(pixels * aspect)), round(math.sqrt(pixels / aspect))
        if 0 < w <= width and 0 < h <= height:
            return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
    # Very wide or tall frames: the largest centred box with an allowed aspect.
    w = min(width, round(height * ratio[1]))
    h = min(height, round(width / ratio[0]))
    return (height - h) // 2, (width - w) // 2, h, w
