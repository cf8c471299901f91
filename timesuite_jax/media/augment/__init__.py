"""Augmentations of a clip: pure functions of its frames (uint8) and a generator, one draw for all frames."""

from timesuite_jax.media.augment.augmentation import AugmentationSpec, augment
from timesuite_jax.media.augment.rand_augment import RandAugment, parse_rand_augment
from timesuite_jax.media.augment.random_erasing import erase

__all__ = ["AugmentationSpec", "RandAugment", "augment", "erase", "parse_rand_augment"]
