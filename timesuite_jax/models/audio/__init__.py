"""Audio encoders: spectrograms to tokens."""

from timesuite_jax.models.audio.beats import Beats
from timesuite_jax.models.audio.beats_spec import BeatsSpec

__all__ = ["Beats", "BeatsSpec"]
