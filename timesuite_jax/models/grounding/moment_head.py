"""A head in the manner of Moment-DETR (arXiv:2107.09609): moments and saliency from features of a video and a query.

Video and query are projected to one width and encoded together; learned span queries are decoded to a set of spans. Two
things differ: times enter as they are, in fractions of the duration, so that features of any stride can be used, and
their projection is added to that of the features instead of being concatenated with these, which would let two numbers
dominate the norm of a long vector of unit length.

    video_projection, query_projection, time_projection; encoder/..., decoder/... (stacked layers)
    decoder_norm; span_queries [spans, D]; span_head/fc1..fc3; foreground, saliency [D, 1]
"""

import math
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array, Bool, Float

from timesuite_jax.layers import Dropout, LayerNorm, Linear, run_stack
from timesuite_jax.models.grounding.moment_head_spec import MomentHeadSpec
from timesuite_jax.models.grounding.transformer_layers import NORM_EPSILON, DecoderLayer, EncoderLayer

# The fastest sinusoid has one period in a video, as in Moment-DETR: faster ones are easily overfitted.
_FASTEST = 2 * math.pi


class Moments(NamedTuple):
    """What the head predicts, for each decoder layer where there is a first axis of these; the last one counts."""

    spans: Float[Array, "L B spans 2"]  # centre and width, fractions of the duration
    foreground: Float[Array, "L B spans"]  # logit of being a moment of the query
    saliency: Float[Array, "B rows"]  # higher is more relevant; of any scale


class _Projection(nn.Module):
    """Two linear layers, each after a norm and dropout."""

    spec: MomentHeadSpec

    @nn.compact
    def __call__(self, x: Float[Array, "B rows D_in"], *, deterministic: bool) -> Float[Array, "B rows D"]:
        """Projects features to the transformer's width."""
        drop = Dropout(self.spec.input_dropout)
        x = drop(LayerNorm(NORM_EPSILON, axis=None, name="norm1")(x), deterministic=deterministic)
        x = jax.nn.relu(Linear(self.spec.width, (None, "embed"), name="fc1")(x))
        x = drop(LayerNorm(NORM_EPSILON, name="norm2")(x), deterministic=deterministic)
        return Linear(self.spec.width, ("embed", None), name="fc2")(x)


class _SpanHead(nn.Module):
    """Three linear layers from a decoded span query to centre and width."""

    spec: MomentHeadSpec

    @nn.compact
    def __call__(self, x: Float[Array, "L B spans D"]) -> Float[Array, "L B spans 2"]:
        """Computes spans."""
        x = jax.nn.relu(Linear(self.spec.width, ("embed", "mlp"), name="fc1")(x))
        x = jax.nn.relu(Linear(self.spec.width, ("mlp", "embed"), name="fc2")(x))
        return jax.nn.sigmoid(Linear(2, ("embed", None), name="fc3")(x))


class MomentHead(nn.Module):
    """Predicts the moments that a query is about, and how salient each row of the video is for it."""

    spec: MomentHeadSpec

    @nn.compact
    def __call__(
        self,
        video: Float[Array, "B rows D_video"],
        video_mask: Bool[Array, "B rows"],
        times: Float[Array, "B rows 2"],
        query: Float[Array, "B words D_query"],
        query_mask: Bool[Array, "B words"],
        *,
        deterministic: bool = True,
    ) -> Moments:
        """Predicts.

        Args:
          video: features of a video, in order of time.
          video_mask: False at padding.
          times: start and end of each row, in fractions of the duration.
          query: features of a query, e.g. of its words.
          query_mask: False at padding.
          deterministic: False draws dropout from the stream "dropout".
        """
        spec, rows = self.spec, video.shape[1]
        video = _Projection(spec, name="video_projection")(video, deterministic=deterministic)
        video = video + Linear(spec.width, (None, "embed"), name="time_projection")(times)
        query = _Projection(spec, name="query_projection")(query, deterministic=deterministic)
        x = nn.with_logical_constraint(jnp.concatenate([video, query], axis=1), ("batch", None, None))
        mask = jnp.concatenate([video_mask, query_mask], axis=1)
        # As in Moment-DETR, words have no positions: their features come from encoders that have seen the order.
        positions = jnp.concatenate([sinusoids(jnp.mean(times, axis=-1), spec.width), jnp.zeros_like(query)], axis=1)
        memory, _ = run_stack(
            EncoderLayer(spec, name="encoder"), x, None, positions, mask,
            length=spec.encoder_layers, deterministic=deterministic,
        )  # fmt: skip
        init = nn.with_logical_partitioning(nn.initializers.normal(1.0), ("query", "embed"))
        learned = self.param("span_queries", init, (spec.spans, spec.width))
        learned = jnp.broadcast_to(cast(Array, learned)[None], (len(x), spec.spans, spec.width))
        _, decoded = run_stack(
            DecoderLayer(spec, name="decoder"), jnp.zeros_like(learned), None,
            learned, memory, memory + positions, mask,
            length=spec.decoder_layers, deterministic=deterministic,
        )  # fmt: skip
        decoded = LayerNorm(NORM_EPSILON, name="decoder_norm")(decoded)
        spans = _SpanHead(spec, name="span_head")(decoded)
        foreground = Linear(1, ("embed", None), name="foreground")(decoded)[..., 0]
        saliency = Linear(1, ("embed", None), name="saliency")(memory[:, :rows])[..., 0]
        return Moments(spans, foreground, saliency)


def sinusoids(times: Float[Array, "B rows"], width: int) -> Float[Array, "B rows D"]:
    """Sines and cosines of times in fractions of the duration, at frequencies as in arXiv:1706.03762."""
    rates = np.float32(_FASTEST) * 10000.0 ** (-np.arange(0, width, 2, dtype=np.float32) / np.float32(width))
    angles = times[..., None] * jnp.asarray(rates, jnp.float32)[None, None]
    return jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=-1)
