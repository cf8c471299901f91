"""VideoChat-T (TimeSuite, arXiv:2410.19702): a language model that reads long videos clip by clip.

Frames go in clips through the vision tower; the Q-Former, told when the clip's frames were taken, makes each clip a few
query tokens; token shuffling merges them; TAPE adds where in the video they lie; the result stands among the prompt's
embeddings. Follows upstream's `models/videochat_mistra`; parameter names are those of its checkpoints.

Clips know nothing of each other before the projection: they lie in one flat axis with the samples, "(B K)".
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange, repeat
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int, UInt8

from timesuite_jax.errors import UserError
from timesuite_jax.layers import LayerNorm, Linear, num_shards, token_positions
from timesuite_jax.layers.linear import torch_uniform
from timesuite_jax.models.text.mistral import Mistral
from timesuite_jax.models.text.qformer import QFormer
from timesuite_jax.models.vision.umt import UmtTower
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
from timesuite_jax.videochat_t.model.tape import Tape
from timesuite_jax.videochat_t.model.token_shuffle import mean_pooling_init, token_shuffle


def _identity(rng: Array, shape: tuple[int, ...], dtype: jnp.dtype = jnp.float32) -> Array:
    """Initialiser of `clip_proj`: passes everything through, whatever the seed."""
    return jnp.eye(*shape, dtype=dtype)


def _rows(count: int) -> str | None:
    """Meaning of the axis of so many samples: what devices do not divide lies whole on all of them."""
    return "batch" if count % num_shards("batch") == 0 else None


class VideoChatT(nn.Module):
    """The whole model. A batch is a mapping with the fields of `__call__`."""

    spec: VideoChatTSpec

    def setup(self) -> None:
        """Makes the parts, named as in the parameter tree."""
        spec, qformer = self.spec, self.spec.qformer
        self.vision_encoder = UmtTower(spec.vision)
        self.vision_layernorm = LayerNorm(1e-12, dtype=spec.vision.dtype)
        # Upstream leaves extra queries at zero for a checkpoint to fill; trained from zero, all would stay the same.
        fresh = nn.initializers.normal(qformer.embedding_std)
        query_init = nn.with_logical_partitioning(fresh, (None, "query", "embed"))
        base, extra = ((1, count, qformer.width) for count in (qformer.queries, qformer.extra_queries))
        self.query_tokens = self.param("query_tokens", query_init, base, qformer.param_dtype)
        self.extra_query_tokens = self.param("extra_query_tokens", query_init, extra, qformer.param_dtype)
        self.qformer = QFormer(qformer)
        types = {"dtype": qformer.dtype, "param_dtype": qformer.param_dtype}
        self.clip_proj = Linear(qformer.width, ("embed", "mlp"), kernel_init=_identity, **types)
        merged = {"kernel_init": mean_pooling_init(spec.merge_len), "bias_init": torch_uniform(qformer.width)}
        self.merge_proj = Linear(spec.mistral.width, ("mlp", "embed"), **merged, **types)
        if spec.tape:
            features = spec.mistral.width
            self.temp_adap = Tape(spec.clips, spec.merge_len, features, qformer.dtype, spec.tape_clips)
        self.mistral = Mistral(spec.mistral)

    def __call__(
        self, batch: Mapping[str, Array], *, deterministic: bool = True
    ) -> tuple[Float[Array, "B S D"], dict[str, Any]]:
        """Reads videos (or images) and prompts.

        Args:
          batch: fields
            frames: uint8 [B, K, F, H, W, 3], pixels; K = F = 1 for images. Or [n, F, H, W, 3], the clips of all
              samples one after the other and then any others: as many as devices divide.
            clip_text, clip_text_mask: int, bool [B, K, P], what the Q-Former reads beside each clip.
            tokens: int [B, S], ids of the language model; any id where a visual token stands.
            visual_slot: int [B, S], which visual token stands here, or -1 for text.
            valid: bool [B, S], False at padding.
            segments: int [B, S], optional: 0 where all questions on the video look, i + 1 where question i does; each
              is then answered as if it stood there alone.
          deterministic: False turns dropout (stream "dropout") and drop path (stream "drop_path") on.

        Returns:
          Hidden states after the final norm (what the head reads), and a dictionary: "visual_tokens" and what
          `Mistral` returns.
        """
        embeds, aux = self.embed_prompt(batch, deterministic=deterministic)
        valid = batch["valid"]
        segments = batch.get("segments")
        positions = token_positions(valid, segments)
        hidden, mistral_aux = self.mistral(embeds, positions, valid, segments=segments, deterministic=deterministic)
        return hidden, {**aux, **mistral_aux}

    def logits(self, hidden: Float[Array, "B S D"]) -> Float[Array, "B S V"]:
        """Scores of all tokens at every position; for training use `objectives`, which makes only those it needs."""
        return self.mistral.logits(hidden)

    def embed_prompt(
        self, batch: Mapping[str, Array], *, deterministic: bool = True
    ) -> tuple[Float[Array, "B S D"], dict[str, Array]]:
        """Embeds the tokens and puts the visual tokens in their slots; `batch` as in `__call__`.

        Returns:
          Input embeddings of the language model, and a dictionary with "visual_tokens" [B, N, D].
        """
        frames = batch["frames"]
        if frames.ndim == 5:
            clips = batch["clip_text"].shape[1]
            visual, aux = self._encode(frames, self._texts(batch), len(batch["tokens"]), clips, deterministic)
        elif frames.shape[1:3] == (1, 1) and self.spec.num_frames > 1:
            texts = (None if text is None else text[:, 0] for text in self._texts(batch))
            visual, aux = self.encode_image(frames[:, 0, 0], *texts, deterministic=deterministic)
        else:
            visual, aux = self.encode_video(frames, *self._texts(batch), deterministic=deterministic)
        embeds = self.mistral.embed(batch["tokens"])
        if self.spec.bos == "ones":
            embeds = embeds.at[:, 0].set(1.0)
        slot = batch["visual_slot"][..., None]
        placed = jnp.take_along_axis(visual.astype(embeds.dtype), jnp.maximum(slot, 0), axis=1)
        embeds = jnp.where(slot >= 0, placed, embeds)
        embeds = nn.with_logical_constraint(embeds, (_rows(len(embeds)), "length", None))
        return embeds, {**aux, "visual_tokens": visual}

    def encode_video(
        self,
        frames: UInt8[Array, "B K F H W 3"] | Float[Array, "B K F H W 3"],
        clip_text: Int[Array, "B K P"] | None,
        clip_text_mask: Bool[Array, "B K P"] | None,
        *,
        deterministic: bool = True,
    ) -> tuple[Float[Array, "B N D"], dict[str, Array]]:
        """Videos (pixels, or already normalised ones) -> visual tokens, K * queries / merge_len of them.

        Returns:
          Tokens in the language model's width, and a dictionary with "query_tokens" (before merging).

        Raises:
          UserError: if TAPE was made for another number of clips.
        """
        samples, clips = frames.shape[:2]
        flat = rearrange(frames, "B K F H W c -> (B K) F H W c")
        return self._encode(flat, (clip_text, clip_text_mask), samples, clips, deterministic)

    def _encode(
        self,
        flat: Array,
        texts: tuple[Int[Array, "B K P"] | None, Bool[Array, "B K P"] | None],
        samples: int,
        clips: int,
        deterministic: bool,
    ) -> tuple[Float[Array, "B N D"], dict[str, Array]]:
        """As `encode_video`, of clips [n, F, H, W, 3] whose first `samples` * `clips` are those of the videos."""
        spec = self.spec
        if spec.tape and clips != spec.clips:
            raise UserError(
                f"a video of {clips} clips came to a model whose TAPE is laid out for {spec.clips} "
                f"(num_frames={spec.num_frames}); sample {spec.num_frames} frames, or set model.num_frames, and "
                f"model.tape_clips={spec.tape_clips or spec.clips} so that the trained weights are stretched"
            )
        of_clips = (None if text is None else rearrange(text, "B K P -> (B K) P") for text in texts)
        queries = self._encode_clips(flat, *of_clips, count=samples * clips, deterministic=deterministic)
        queries = rearrange(queries, "(B K) N D -> B (K N) D", K=clips)
        queries = nn.with_logical_constraint(queries, (_rows(samples), None, None))
        with jax.named_scope("token_shuffle"):
            visual = self.merge_proj(token_shuffle(queries, spec.merge_len))
        if spec.tape:
            with jax.named_scope("tape"):
                visual = visual + self.temp_adap(queries)
        return visual, {"query_tokens": queries}

    def encode_image(
        self,
        images: UInt8[Array, "B H W 3"] | Float[Array, "B H W 3"],
        text: Int[Array, "B P"] | None,
        text_mask: Bool[Array, "B P"] | None,
        *,
        deterministic: bool = True,
    ) -> tuple[Float[Array, "B N D"], dict[str, Array]]:
        """Images (as frames of videos) -> visual tokens, one a query: each fills all places of a merged token.

        Returns:
          As `encode_video`.
        """
        queries = self._encode_clips(images[:, None], text, text_mask, len(images), deterministic=deterministic)
        visual = self.merge_proj(repeat(queries, "B N D -> B N (r D)", r=self.spec.merge_len))
        return visual, {"query_tokens": queries}

    def normalise(self, frames: UInt8[Array, "*batch H W 3"]) -> Float[Array, "*batch H W 3"]:
        """Pixels 0..255 -> the tower's input, as one multiplication and one addition a channel."""
        mean, std = np.asarray(self.spec.pixel_mean), np.asarray(self.spec.pixel_std)
        scale, shift = (jnp.asarray(value, jnp.float32) for value in (1.0 / (255.0 * std), -mean / std))
        scaled = jnp.einsum("...c,c->...c", frames.astype(jnp.float32), scale)
        return (scaled + jnp.broadcast_to(shift, scaled.shape)).astype(self.spec.vision.dtype)

    def _texts(self, batch: Mapping[str, Array]) -> tuple[Array | None, Array | None]:
        """What the Q-Former reads; nothing where its config says so, though batches always carry the fields."""
        if not self.spec.qformer.text_input:
            return None, None
        return batch["clip_text"], batch["clip_text_mask"]

    def _encode_clips(
        self, frames: Array, text: Array | None, text_mask: Array | None, count: int, *, deterministic: bool
    ) -> Float[Array, "n N D"]:
        """The first `count` clips -> query tokens.

        When answering, a device never holds more than `clips_at_once` of them between pixels and query tokens, however
        long the video.
        """
        if not deterministic or self.is_initializing():
            return self._encode_group(frames, text, text_mask, deterministic=deterministic)
        groups, filled = self.spec.group_clips(count, num_shards("clip"))

        def fill(x: Array) -> Array:
            """Clips that nobody looks at, so that all groups and all devices' shares of one are of a size."""
            return x if len(x) == filled else jnp.pad(x[:count], ((0, filled - count),) + ((0, 0),) * (x.ndim - 1))

        parts = jax.tree.map(fill, (frames, text, text_mask))
        if groups == 1:
            return self._encode_group(*parts, deterministic=True)[:count]

        # Every g-th clip makes a group: so each lies over all devices without moving a clip, and none is copied.
        parts = jax.tree.map(lambda x: rearrange(x, "(n g) ... -> n g ...", g=groups), parts)

        def encode(module: "VideoChatT", carry: tuple, index: Array, parts: tuple) -> tuple[tuple, Array]:
            group = jax.tree.map(lambda x: jax.lax.dynamic_index_in_dim(x, index, axis=1, keepdims=False), parts)
            return carry, module._encode_group(*group, deterministic=True)

        stream = nn.scan(encode, variable_broadcast="params", split_rngs={"params": False}, in_axes=(0, nn.broadcast))
        queries = rearrange(stream(self, (), jnp.arange(groups), parts)[1], "g n N D -> (n g) N D")
        return queries[:count]

    def _encode_group(
        self, frames: Array, text: Array | None, text_mask: Array | None, *, deterministic: bool
    ) -> Float[Array, "n N D"]:
        """As many clips as there is memory for -> query tokens."""
        frames = nn.with_logical_constraint(frames, ("clip", None, None, None, None))
        if frames.dtype == jnp.uint8:
            frames = self.normalise(frames)
        with jax.named_scope("vision_tower"):
            vision = self.vision_layernorm(self.vision_encoder(frames))
        if not self.spec.train_vision:
            vision = jax.lax.stop_gradient(vision)
        queries = jnp.concatenate([self.query_tokens, self.extra_query_tokens], axis=1)
        queries = jnp.broadcast_to(queries, (frames.shape[0], *queries.shape[1:]))
        with jax.named_scope("qformer"):
            queries = self.qformer(queries, vision, text, text_mask, deterministic=deterministic)
        return nn.with_logical_constraint(self.clip_proj(queries), ("clip", None, None))
