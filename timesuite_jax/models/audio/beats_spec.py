"""Sizes of the BEATs audio encoder (arXiv:2212.09058) and its released variant."""

import dataclasses
from typing import Any, ClassVar, Self

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError
from timesuite_jax.layers import FloatType, Remat

VARIANTS: dict[str, dict[str, Any]] = {  # "debug" is ours
    "base": {},
    "debug": {
        **{"patch_width": 24, "width": 32, "depth": 2, "heads": 2, "mlp_hidden": 64},
        **{"conv_width": 8, "conv_groups": 4, "buckets": 32, "max_distance": 64},
    },
}


@dataclasses.dataclass(frozen=True)
class BeatsSpec:
    """Sizes of a BEATs encoder; the defaults are the released `BEATs_iter3`, the audio encoder of InternVideo2.

    The original reads these from the `cfg` of a checkpoint; those it has in code are other ones (post-norm without
    scaled residuals, `max_distance` 1280). There is no dropout: the released configs freeze this encoder.
    """

    variants: ClassVar = VARIANTS

    patch_size: int = bounded(16, minimum=1)  # rows and bins of the spectrogram
    patch_width: int = bounded(512, minimum=1)  # of the embedded patches; other than `width`, they are projected
    width: int = bounded(768, minimum=1)
    depth: int = bounded(12, minimum=1)
    heads: int = bounded(12, minimum=1)
    mlp_hidden: int = bounded(3072, minimum=1)
    conv_width: int = bounded(128, minimum=1)  # tokens that the positional convolution covers
    conv_groups: int = bounded(16, minimum=1)
    buckets: int = bounded(320, minimum=4)  # of relative positions, half of them for each direction
    max_distance: int = bounded(800, minimum=1)  # tokens from which on relative positions share the last bucket
    pre_norm: bool = False  # norms before the branches instead of after the residuals
    deep_norm: bool = True  # residuals scaled as in DeepNet (arXiv:2203.00555); post-norm only
    dtype: FloatType = "float32"  # of the matrix products; the residual stream is float32
    param_dtype: FloatType = "float32"
    unroll: bool = False
    remat: Remat = "none"

    def __post_init__(self) -> None:
        """Validates the sizes.

        Raises:
          UserError: naming the field that is out of range.
        """
        check_bounds(self)
        for divisor, total in {"heads": "width", "conv_groups": "width"}.items():
            if getattr(self, total) % getattr(self, divisor):
                raise UserError(
                    f"audio.{divisor}={getattr(self, divisor)} does not divide audio.{total}={getattr(self, total)}; "
                    "choose a divisor"
                )
        if self.pre_norm and self.deep_norm:
            raise UserError("audio.deep_norm scales residuals of post-norm layers; set it or audio.pre_norm, not both")
        if self.buckets % 4 or self.max_distance <= self.buckets // 4:
            raise UserError(
                f"audio.buckets={self.buckets} has to be a multiple of 4, and audio.max_distance={self.max_distance} "
                "more than a quarter of it"
            )

    @classmethod
    def from_variant(cls, variant: str, **overrides: Any) -> Self:
        """Returns the spec of a named variant ("base", "debug"), with fields replaced by `overrides`.

        Raises:
          UserError: if the variant is unknown.
        """
        if variant not in cls.variants:
            raise UserError(f"audio variant {variant!r} is unknown; choose one of {sorted(cls.variants)}")
        return cls(**{**cls.variants[variant], **overrides})

    @property
    def residual_scale(self) -> float:
        """Factor on the residual stream where a branch is added to it (DeepNet's alpha of an encoder)."""
        return (2 * self.depth) ** 0.25 if self.deep_norm else 1.0

    @property
    def branch_gain(self) -> float:
        """Factor on initial kernels of values, outputs and feed-forward blocks (DeepNet's beta of an encoder)."""
        return (8 * self.depth) ** -0.25 if self.deep_norm else 1.0

    def tokens(self, rows: int, bins: int) -> int:
        """Number of tokens of a spectrogram; rows and bins that do not fill a patch are left out."""
        return (rows // self.patch_size) * (bins // self.patch_size)
