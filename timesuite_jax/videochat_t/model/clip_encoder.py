"""Clips -> query tokens: video encoder, norm and Q-Former, applied to each clip independently.

The clips of all samples are in one axis, which the mesh shards as "clip".
"""

import jax
import jax.numpy as jnp
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, UInt8

from timesuite_jax.layers import LayerNorm, Linear, num_shards
from timesuite_jax.models.text import QFormer
from timesuite_jax.models.vision import build_encoder
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec

Clips = UInt8[Array, "n F H W 3"] | Float[Array, "n F H W 3"]  # pixels, or normalised ones
PaddedClips = UInt8[Array, "padded F H W 3"] | Float[Array, "padded F H W 3"]
Text = Int[Array, "n P"] | None
TextMask = Bool[Array, "n P"] | None


def _identity(rng: PRNGKeyArray, shape: tuple[int, ...], dtype: jnp.dtype = jnp.float32) -> Float[Array, "D D"]:
    """Initialises `clip_proj` to the identity."""
    return jnp.eye(*shape, dtype=dtype)


class ClipEncoder(nn.Module):
    """The part of VideoChat-T that sees single clips; a base class, so that its parameters keep their paths."""

    spec: VideoChatTSpec

    def setup(self) -> None:
        """Creates parameters and submodules, named as in the parameter tree."""
        spec, qformer = self.spec, self.spec.qformer
        self.vision_encoder = build_encoder(spec.vision)
        self.vision_layernorm = LayerNorm(1e-12, dtype=spec.vision.dtype)
        # Upstream leaves extra queries at zero for a checkpoint to fill; trained from zero, they would stay equal.
        normal = nn.initializers.normal(qformer.embedding_std)
        query_init = nn.with_logical_partitioning(normal, (None, "query", "embed"))
        base, extra = ((1, count, qformer.width) for count in (qformer.queries, qformer.extra_queries))
        self.query_tokens = self.param("query_tokens", query_init, base, qformer.param_dtype)
        self.extra_query_tokens = self.param("extra_query_tokens", query_init, extra, qformer.param_dtype)
        self.qformer = QFormer(qformer)
        types = {"dtype": qformer.dtype, "param_dtype": qformer.param_dtype}
        self.clip_proj = Linear(qformer.width, ("embed", "mlp"), kernel_init=_identity, **types)

    def encode_clips(
        self, frames: PaddedClips, text: Text, text_mask: TextMask, count: int, *, deterministic: bool
    ) -> Float[Array, "count N D"]:
        """Encodes the first `count` clips as query tokens.

        When answering, a device holds at most `clips_at_once` clips between pixels and query tokens, however long the
        video.
        """
        if not deterministic or self.is_initializing():
            return self._encode_group(frames, text, text_mask, deterministic=deterministic)
        groups, padded = self.spec.group_clips(count, num_shards("clip"))

        def pad(x: Array) -> Array:
            """Pads with clips whose result is dropped, so that all groups and their shards have equal sizes."""
            return x if len(x) == padded else jnp.pad(x[:count], ((0, padded - count),) + ((0, 0),) * (x.ndim - 1))

        parts = jax.tree.map(pad, (frames, text, text_mask))
        if groups == 1:
            return self._encode_group(*parts, deterministic=True)[:count]

        # A group has every g-th clip: so each group is sharded over all devices, and no clip is moved or copied.
        parts = jax.tree.map(lambda x: rearrange(x, "(n g) ... -> n g ...", g=groups), parts)

        def encode(module: "ClipEncoder", carry: tuple, index: Array, parts: tuple) -> tuple[tuple, Array]:
            group = jax.tree.map(lambda x: jax.lax.dynamic_index_in_dim(x, index, axis=1, keepdims=False), parts)
            return carry, module._encode_group(*group, deterministic=True)

        scan = nn.scan(encode, variable_broadcast="params", split_rngs={"params": False}, in_axes=(0, nn.broadcast))
        queries = rearrange(scan(self, (), jnp.arange(groups), parts)[1], "g n N D -> (n g) N D")
        return queries[:count]

    def _encode_group(
        self, frames: Clips, text: Text, text_mask: TextMask, *, deterministic: bool
    ) -> Float[Array, "n N D"]:
        frames = nn.with_logical_constraint(frames, ("clip", None, None, None, None))
        if frames.dtype == jnp.uint8:
            frames = self.spec.vision.normalise(frames)
        with jax.named_scope("vision_encoder"):
            tokens, _ = self.vision_encoder(frames)
            tokens = self.vision_layernorm(tokens)
        if not self.spec.train_vision:
            tokens = jax.lax.stop_gradient(tokens)
        queries = jnp.concatenate([self.query_tokens, self.extra_query_tokens], axis=1)
        queries = jnp.broadcast_to(queries, (frames.shape[0], *queries.shape[1:]))
        with jax.named_scope("qformer"):
            queries, _ = self.qformer(queries, tokens, text, text_mask, deterministic=deterministic)
        return nn.with_logical_constraint(self.clip_proj(queries), ("clip", None, None))
