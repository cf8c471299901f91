"""Scaled dot-product attention behind one function; one file for each implementation.

`xla` is the reference that the others are tested against and runs everywhere; `splash` is the TPU kernel, `cudnn` the
GPU one, `blockwise` the one for CPU. `attention(..., impl="auto")` selects the fastest for the platform.
"""

from timesuite_jax.layers.attention.dispatch import IMPLEMENTATIONS, attention, choose
from timesuite_jax.layers.attention.query_loop import SAVED_ATTENTION
from timesuite_jax.layers.attention.splash import splash_flops

__all__ = ["IMPLEMENTATIONS", "SAVED_ATTENTION", "attention", "choose", "splash_flops"]
