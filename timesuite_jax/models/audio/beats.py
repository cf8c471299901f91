"""BEATs (arXiv:2212.09058): a transformer over patches of a log-mel spectrogram.

Follows `multi_modality/models/backbones/beats` of InternVideo2, which is the released implementation (`unilm/beats`)
for spectrograms instead of waveforms. The trick by which that one avoids overflow in half precision, scores divided and
multiplied by 32 around their maximum, changes no number in exact arithmetic and is left out: scores are float32 here.
"""

import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.errors import UserError
from timesuite_jax.layers import LayerNorm, Linear, run_stack
from timesuite_jax.models.audio.beats_layer import NORM_EPSILON, BeatsLayer
from timesuite_jax.models.audio.beats_spec import BeatsSpec
from timesuite_jax.models.audio.positional_convolution import PositionalConvolution
from timesuite_jax.models.audio.relative_positions import relative_buckets


class Beats(nn.Module):
    """Encodes spectrograms as tokens."""

    spec: BeatsSpec

    @nn.compact
    def __call__(self, spectrograms: Float[Array, "n rows bins"]) -> Float[Array, "n N D"]:
        """Encodes spectrograms.

        Args:
          spectrograms: normalised, a row for every 10 ms; 64 bins for InternVideo2.

        Returns:
          Tokens ordered by time, then by frequency, float32.

        Raises:
          UserError: if the spectrograms are smaller than a patch.
        """
        spec = self.spec
        side = spec.patch_size
        times, bands = (size // side for size in spectrograms.shape[1:])
        if not times or not bands:
            rows, bins = spectrograms.shape[1:]
            raise UserError(
                f"a spectrogram of {rows} rows and {bins} bins has no patch of audio.patch_size={side} of each; give a "
                "longer one, or more bins"
            )
        whole = spectrograms[:, : times * side, : bands * side]
        patches = rearrange(whole, "n (time p) (band q) -> n (time band) (p q)", p=side, q=side)
        types = {"dtype": spec.dtype, "param_dtype": spec.param_dtype}
        x = Linear(spec.patch_width, ("patch", "embed"), use_bias=False, name="patch_embed", **types)(patches)
        x = LayerNorm(NORM_EPSILON, name="patch_norm")(x)
        if spec.patch_width != spec.width:
            x = Linear(spec.width, (None, "embed"), name="project", **types)(x).astype(jnp.float32)
        x = nn.with_logical_constraint(x, ("clip", None, None))
        x = x + PositionalConvolution(spec, name="positions")(x).astype(jnp.float32)
        norm = LayerNorm(NORM_EPSILON, name="norm")
        if not spec.pre_norm:
            x = norm(x)
        init = nn.with_logical_partitioning(nn.initializers.normal(0.02), (None, "heads"))
        table = self.param("relative_bias", init, (spec.buckets, spec.heads), spec.param_dtype).astype(jnp.float32)
        buckets = relative_buckets(x.shape[1], spec.buckets, spec.max_distance)
        bias = rearrange(table[buckets], "q k h -> h q k")
        layer = BeatsLayer(spec, name="layers")
        x, _ = run_stack(layer, x, None, bias, length=spec.depth, unroll=spec.unroll, remat=spec.remat)
        return norm(x) if spec.pre_norm else x
