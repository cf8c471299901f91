"""VideoChat-T (TimeSuite, arXiv:2410.19702): a language model that reads long videos clip by clip.

Each clip of frames becomes a few query tokens (`clip_encoder.py`), guided by a text that states when its frames were
sampled. Token shuffling merges query tokens, TAPE adds where in the video they are, and the result replaces the visual
slots in the embedded prompt. Follows upstream's `models/videochat_mistra`, with the parameter names of its checkpoints.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from einops import rearrange, repeat
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int, Shaped, UInt8

from timesuite_jax.errors import UserError
from timesuite_jax.layers import Linear, num_shards, token_positions
from timesuite_jax.layers.linear import torch_uniform
from timesuite_jax.models.text import Mistral
from timesuite_jax.videochat_t.model.clip_encoder import ClipEncoder, PaddedClips
from timesuite_jax.videochat_t.model.tape import Tape
from timesuite_jax.videochat_t.model.token_shuffle import mean_pooling_init, token_shuffle

Batch = Mapping[str, Shaped[Array, "..."]]


def _batch_axis(samples: int) -> str | None:
    """Logical axis of the samples: None, not sharded, if the devices do not divide their number."""
    return "batch" if samples % num_shards("batch") == 0 else None


class VideoChatT(ClipEncoder):
    """The whole model. A batch is a mapping with the fields of `__call__`."""

    def setup(self) -> None:
        """Creates parameters and submodules, named as in the parameter tree."""
        super().setup()
        spec, qformer = self.spec, self.spec.qformer
        types = {"dtype": qformer.dtype, "param_dtype": qformer.param_dtype}
        init = {"kernel_init": mean_pooling_init(spec.merge_len), "bias_init": torch_uniform(qformer.width)}
        self.merge_proj = Linear(spec.mistral.width, ("mlp", "embed"), **init, **types)
        if spec.tape:
            features = spec.mistral.width
            self.temp_adap = Tape(spec.clips, spec.merge_len, features, qformer.dtype, spec.tape_clips)
        self.mistral = Mistral(spec.mistral)

    def __call__(self, batch: Batch, *, deterministic: bool = True) -> tuple[Float[Array, "B S D"], dict[str, Any]]:
        """Runs videos (or images) and prompts.

        Args:
          batch: fields
            frames: uint8 [B, K, F, H, W, 3], pixels; K = F = 1 for images. Or [n, F, H, W, 3], the clips of all samples
              in one axis, followed by padding to a number that devices divide.
            clip_text, clip_text_mask: int, bool [B, K, P], the Q-Former's text for each clip.
            tokens: int [B, S], ids of the language model; any id at visual tokens.
            visual_slot: int [B, S], index of the visual token at this position, or -1 for text.
            valid: bool [B, S], False at padding.
            segments: int [B, S], optional: 0 for tokens that all questions see, i + 1 for those of question i; each
              question is answered as if it were the only one.
          deterministic: False enables dropout (stream "dropout") and drop path (stream "drop_path").

        Returns:
          Hidden states after the final norm (the input of the head), and a dictionary with "visual_tokens" and that
          of `Mistral`.
        """
        embeds, aux = self.embed_prompt(batch, deterministic=deterministic)
        valid = batch["valid"]
        segments = batch.get("segments")
        positions = token_positions(valid, segments)
        hidden, mistral_aux = self.mistral(embeds, positions, valid, segments=segments, deterministic=deterministic)
        return hidden, {**aux, **mistral_aux}

    def logits(self, hidden: Float[Array, "B S D"]) -> Float[Array, "B S V"]:
        """Computes the logits at every position; for training use `objectives.answer_cross_entropy`."""
        return self.mistral.logits(hidden)

    def embed_prompt(
        self, batch: Batch, *, deterministic: bool = True
    ) -> tuple[Float[Array, "B S D"], dict[str, Shaped[Array, "..."]]]:
        """Embeds the tokens and inserts the visual tokens in their slots; `batch` as in `__call__`.

        Returns:
          Input embeddings of the language model, and a dictionary with "visual_tokens" [B, N, D].
        """
        visual, aux = self.encode_visual(batch, deterministic=deterministic)
        return self.embed_tokens(batch["tokens"], batch["visual_slot"], visual), {**aux, "visual_tokens": visual}

    def encode_visual(
        self, batch: Batch, *, deterministic: bool = True
    ) -> tuple[Float[Array, "B N D"], dict[str, Shaped[Array, "..."]]]:
        """Encodes the videos or images of a batch, whose fields are those of `__call__`.

        Returns:
          Like `encode_video`.
        """
        frames = batch["frames"]
        if frames.ndim == 5:
            clips = batch["clip_text"].shape[1]
            return self._encode(frames, self._texts(batch), len(batch["tokens"]), clips, deterministic)
        if frames.shape[1:3] == (1, 1) and self.spec.num_frames > 1:
            texts = (None if text is None else text[:, 0] for text in self._texts(batch))
            return self.encode_image(frames[:, 0, 0], *texts, deterministic=deterministic)
        return self.encode_video(frames, *self._texts(batch), deterministic=deterministic)

    def embed_tokens(
        self, tokens: Int[Array, "B S"], visual_slot: Int[Array, "B S"], visual: Float[Array, "B N D"]
    ) -> Float[Array, "B S D"]:
        """Embeds the tokens of whole prompts, with visual tokens in their slots; arguments as in `__call__`."""
        embeds = self.mistral.embed(tokens)
        if self.spec.bos == "ones":
            embeds = embeds.at[:, 0].set(1.0)
        slot = visual_slot[..., None]
        placed = jnp.take_along_axis(visual.astype(embeds.dtype), jnp.maximum(slot, 0), axis=1)
        embeds = jnp.where(slot >= 0, placed, embeds)
        return nn.with_logical_constraint(embeds, (_batch_axis(len(embeds)), "length", None))

    def encode_video(
        self,
        frames: UInt8[Array, "B K F H W 3"] | Float[Array, "B K F H W 3"],
        clip_text: Int[Array, "B K P"] | None,
        clip_text_mask: Bool[Array, "B K P"] | None,
        *,
        deterministic: bool = True,
    ) -> tuple[Float[Array, "B N D"], dict[str, Shaped[Array, "..."]]]:
        """Encodes videos (pixels, or already normalised ones) as K * queries / merge_len visual tokens each.

        Returns:
          Tokens in the width of the language model, and a dictionary with "query_tokens" (before merging).

        Raises:
          UserError: if TAPE is configured for another number of clips.
        """
        samples, clips = frames.shape[:2]
        flat = rearrange(frames, "B K F H W c -> (B K) F H W c")
        return self._encode(flat, (clip_text, clip_text_mask), samples, clips, deterministic)

    def _encode(
        self,
        flat: PaddedClips,
        texts: tuple[Int[Array, "B K P"] | None, Bool[Array, "B K P"] | None],
        samples: int,
        clips: int,
        deterministic: bool,
    ) -> tuple[Float[Array, "B N D"], dict[str, Array]]:
        """Like `encode_video`, for clips in one axis, of which the first `samples` * `clips` are the videos'."""
        spec = self.spec
        if spec.tape and clips != spec.clips:
            raise UserError(
                f"the video has {clips} clips, but TAPE is configured for {spec.clips} (num_frames={spec.num_frames}); "
                f"sample {spec.num_frames} frames, or set model.num_frames, with "
                f"model.tape_clips={spec.tape_clips or spec.clips} to interpolate the trained weights"
            )
        by_clip = (None if text is None else rearrange(text, "B K P -> (B K) P") for text in texts)
        queries = self.encode_clips(flat, *by_clip, count=samples * clips, deterministic=deterministic)
        queries = rearrange(queries, "(B K) N D -> B (K N) D", K=clips)
        queries = nn.with_logical_constraint(queries, (_batch_axis(samples), None, None))
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
    ) -> tuple[Float[Array, "B N D"], dict[str, Shaped[Array, "..."]]]:
        """Encodes images as one visual token for each query, which fills all places of a merged token.

        Returns:
          Like `encode_video`.
        """
        queries = self.encode_clips(images[:, None], text, text_mask, len(images), deterministic=deterministic)
        visual = self.merge_proj(repeat(queries, "B N D -> B N (r D)", r=self.spec.merge_len))
        return visual, {"query_tokens": queries}

    def _texts(self, batch: Batch) -> tuple[Int[Array, "B K P"] | None, Bool[Array, "B K P"] | None]:
        """The Q-Former's texts of a batch; None if it reads none, although batches always have the fields."""
        if not self.spec.qformer.text_input:
            return None, None
        return batch["clip_text"], batch["clip_text_mask"]
