"""All augmentations of a clip in their order: RandAugment, crop, flip, erasing."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.media.augment.multi_scale_crop import multi_scale_crop
from timesuite_jax.media.augment.rand_augment import parse_rand_augment
from timesuite_jax.media.augment.random_erasing import erase
from timesuite_jax.media.resample import Interpolation, resize_aliased
from timesuite_jax.media.transforms import TransformSpec, random_box


@dataclass(frozen=True, kw_only=True)
class AugmentationSpec:
    """Augmentations of a clip; each is drawn once for all frames.

    Attributes:
      crop: `random_resized` (a box with an area and an aspect that are drawn), `multi_scale` (of pretraining), `centre`
        or `whole`, which are not random.
      area: smallest and largest share of the frame that a `random_resized` crop has.
      ratio: smallest and largest width divided by height of such a crop.
      interpolation: of such a crop, without antialiasing, as torch's.
      flip_probability: of mirroring a clip; clips of directional records are never mirrored.
      rand_augment: timm's notation, such as "rand-m7-n4-mstd0.5-inc1"; empty: none.
      erase_probability: of replacing a box by noise.
    """

    crop: Literal["random_resized", "multi_scale", "centre", "whole"] = "random_resized"
    area: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (0.75, 1.3333)
    interpolation: Interpolation = "bilinear"
    flip_probability: float = bounded(0.5, minimum=0, maximum=1)
    rand_augment: str = ""
    erase_probability: float = bounded(0.0, minimum=0, maximum=1)

    def __post_init__(self) -> None:
        """Checks values.

        Raises:
          UserError: a value is out of its bounds.
        """
        check_bounds(self)
        for name, (low, high), most in (("area", self.area, 1.0), ("ratio", self.ratio, 100.0)):
            if not 0 < low <= high <= most:
                raise UserError(f"augmentation.{name}={(low, high)} is not a range above 0 up to {most:g}; correct it")
        if self.rand_augment:
            parse_rand_augment(self.rand_augment)


def augment(
    frames: UInt8[np.ndarray, "T H W 3"],
    spec: AugmentationSpec,
    size: int,
    rng: np.random.Generator,
    *,
    directional: bool = False,
) -> UInt8[np.ndarray, "T size size 3"]:
    """Augments the frames of one clip.

    Args:
      frames: of the clip.
      spec: what is done.
      size: side of the square result.
      rng: generator.
      directional: never mirror the clip.
    """
    if spec.rand_augment:
        frames = parse_rand_augment(spec.rand_augment)(frames, rng)
    if spec.crop == "random_resized":
        box = random_box(frames.shape[1], frames.shape[2], rng, area=spec.area, ratio=spec.ratio)
        out = resize_aliased(frames, (size, size), box=box, interpolation=spec.interpolation)
    elif spec.crop == "multi_scale":
        out = multi_scale_crop(frames, size, rng)
    else:
        out = TransformSpec(size, spec.crop)(frames)
    if rng.random() < spec.flip_probability and not directional:
        out = out[:, :, ::-1]
    return np.ascontiguousarray(erase(out, spec.erase_probability, rng))
