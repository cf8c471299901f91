"""Masks of clips in pretraining: which patches the student encodes."""

from timesuite_jax.internvideo2.masks.draw import draw_mask
from timesuite_jax.internvideo2.masks.spec import MaskSpec

__all__ = ["MaskSpec", "draw_mask"]
