"""What a model built on a video encoder needs to know of it, whichever encoder it is.

A new encoder is a subclass of `VideoEncoderSpec`, a linen module that follows `VideoEncoder`, and an entry of the table
in `encoders.py`.
"""

import abc
import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, UInt8

from timesuite_jax.errors import UserError
from timesuite_jax.pixel_statistics import IMAGENET_MEAN, IMAGENET_STD


class VideoEncoder(Protocol):
    """A linen module that encodes clips."""

    def __call__(
        self, frames: Float[Array, "n F H W 3"], *, mask: Bool[Array, "n N"] | None = None
    ) -> tuple[Float[Array, "n N D"], dict[str, Any]]:
        """Encodes clips, or images (clips of one frame).

        Args:
          frames: normalised pixels, see `VideoEncoderSpec.normalise`.
          mask: tokens that are visible to the others; None: all.

        Returns:
          Tokens, and a dictionary; with "layers", the outputs of all layers [L, n, N, D], where the spec requests them.
        """
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class VideoEncoderSpec(abc.ABC):
    """Sizes of a video encoder; subclasses give the defaults and add what is their own."""

    variants: ClassVar[Mapping[str, Mapping[str, int]]] = {}  # name -> fields

    kind: str  # name in the table of encoders
    image_size: int  # pixels, square
    num_frames: int  # frames of a clip
    width: int  # of the tokens
    dtype: str  # of the computation
    pixel_mean: tuple[float, float, float] = IMAGENET_MEAN  # of pixels scaled to 0..1
    pixel_std: tuple[float, float, float] = IMAGENET_STD

    def __post_init__(self) -> None:
        """Validates the normalisation.

        Raises:
          UserError: naming the field.
        """
        if len(self.pixel_mean) != 3 or len(self.pixel_std) != 3 or min(self.pixel_std) <= 0:
            raise UserError(
                f"vision.pixel_mean={self.pixel_mean}, vision.pixel_std={self.pixel_std}: give three numbers each, "
                "standard deviations above 0"
            )

    @classmethod
    def from_variant(cls, variant: str, **overrides: Any) -> Self:
        """Returns the spec of a named variant ("large", "debug", ...), with fields replaced by `overrides`.

        Raises:
          UserError: if the variant is unknown.
        """
        if variant not in cls.variants:
            raise UserError(f"vision variant {variant!r} is unknown; choose one of {sorted(cls.variants)}")
        return cls(**{**cls.variants[variant], **overrides})

    def check_frames(self, frames: Float[Array, "n F H W 3"]) -> None:
        """Checks number and size of frames: clips of `num_frames`, or images.

        Raises:
          UserError: they differ.
        """
        count, *size = frames.shape[1:4]
        if count not in (1, self.num_frames) or size != [self.image_size] * 2:
            raise UserError(
                f"clips of {count} frames of {size[0]}x{size[1]} pixels do not fit the video encoder; change them or "
                f"vision.num_frames={self.num_frames} (or one frame) and vision.image_size={self.image_size}"
            )

    @abc.abstractmethod
    def tokens(self, frames: int) -> int:
        """Number of tokens of a clip of `frames` frames."""

    @property
    @abc.abstractmethod
    def flops(self) -> float:
        """Floating-point operations of the forward pass of one clip, as matrix products."""

    def normalise(self, frames: UInt8[Array, "*batch H W 3"]) -> Float[Array, "*batch H W 3"]:
        """Maps pixels 0..255 to the encoder's input, with one multiplication and one addition for each channel."""
        mean, std = np.asarray(self.pixel_mean), np.asarray(self.pixel_std)
        scale, shift = (jnp.asarray(value, jnp.float32) for value in (1.0 / (255.0 * std), -mean / std))
        scaled = jnp.einsum("...c,c->...c", frames.astype(jnp.float32), scale)
        return (scaled + jnp.broadcast_to(shift, scaled.shape)).astype(self.dtype)
