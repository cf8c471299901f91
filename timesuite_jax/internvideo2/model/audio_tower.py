"""Encodes sound for a model of videos and texts (`internvideo2_stage2_audiovisual.py` upstream).

encoder/...                      see `models.audio`
proj                             of the mean of the tokens, to the width of embeddings ("audio_proj")
memory_proj, memory_norm         of the tokens, to what texts attend to ("av_concat_audio_proj")
"""

import functools
from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.layers import LayerNorm, Linear
from timesuite_jax.layers.linear import torch_uniform
from timesuite_jax.models.audio import Beats, BeatsSpec

_NORM_EPSILON = 1e-5


class EncodedMedia(NamedTuple):
    """Tokens that texts attend to, and an embedding to compare with others, of any length."""

    memory: Float[Array, "n N D_memory"]
    embedding: Float[Array, "n D_out"]


class AudioTower(nn.Module):
    """The audio encoder with its projections."""

    spec: BeatsSpec
    memory_width: int
    embed_width: int

    @nn.compact
    def __call__(self, spectrograms: Float[Array, "n rows bins"]) -> EncodedMedia:
        """Encodes normalised log-mel spectrograms, see `media.audio.normalised_log_mel`."""
        spec = self.spec
        tokens = Beats(spec, name="encoder")(spectrograms)
        init = torch_uniform(spec.width)
        types: dict[str, Any] = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        linear = functools.partial(Linear, axes=("embed", None), kernel_init=init, bias_init=init)
        memory = linear(self.memory_width, name="memory_proj", **types)(tokens)
        memory = LayerNorm(_NORM_EPSILON, name="memory_norm")(memory)
        pooled = jnp.mean(tokens, axis=1)
        return EncodedMedia(memory, linear(self.embed_width, name="proj")(pooled))
