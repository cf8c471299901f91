"""The loss of stage 2 (arXiv:2403.15377, 3.2): contrastive, matching, hidden words, and a teacher's features.

The first three compare captions with videos and, where there is audio, with sound and with videos and their sound.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
from einops import rearrange
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

from timesuite_jax.internvideo2.masks import draw_mask
from timesuite_jax.internvideo2.model.audio_tower import EncodedMedia
from timesuite_jax.internvideo2.stage2.config import LossSpec, VideoTextConfig
from timesuite_jax.internvideo2.stage2.loss_spec import AudioLossSpec, MediaLossSpec
from timesuite_jax.internvideo2.stage2.model import EncodedText, EncodedVideo, Media, VideoTextModel
from timesuite_jax.layers import mask_key
from timesuite_jax.models.vision import resize_frames, teacher_features
from timesuite_jax.models.vision.feature_teacher import TeacherFeatures
from timesuite_jax.models.vision.internvideo2 import visible_indices
from timesuite_jax.objectives import (
    choose_negatives,
    contrastive_loss,
    draw_words,
    feature_distance,
    hide_words,
    masked_word_loss,
    matching_loss,
    negative_logits,
    same_content,
    scale_gradient,
    similarities,
)
from timesuite_jax.param_tree import Params
from timesuite_jax.training import MetricSums, streams

Batch = Mapping[str, Shaped[Array, "B ..."]]


class SpecialWords(NamedTuple):
    """Ids of [CLS], which is never hidden, and of [MASK]."""

    first: int
    mask: int


def video_text_loss(
    config: VideoTextConfig, special: SpecialWords, params: Params, batch: Batch, rng: PRNGKeyArray
) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
    """Sums the loss over pairs, each term a mean over what it is computed of.

    Negatives are those of the batch: with `training.accumulate`, of a microbatch.

    Args:
      config: of the run.
      special: ids of the vocabulary.
      params: of the model and, if it has one, "teacher".
      batch: see `data.pair_maker.collate`; frames are of images if there is one. With `loss.audio`, "spectrogram"
        [B, rows, bins] and "has_sound" [B] may be there.
      rng: of the step.

    Returns:
      The loss times the number of pairs, that number, and the terms of the loss before their weights with the
      accuracies of matching and of hidden words.
    """
    parts = _Parts(config, params, batch, rng)
    spec, valid = config.loss, batch["valid"]
    video, targets = parts.encode_video()
    same = same_content(batch["content"])
    temperature = parts.apply("temperature")
    factor = 1.0 / spec.contrastive_processes
    compared = [_Compared("video", video.memory, scale_gradient(video.embedding, factor), valid, spec.of_video)]
    if spec.audio is not None and "spectrogram" in batch:
        compared += parts.with_sound(spec.audio, video, factor)
    terms: MetricSums = {}
    weights: dict[str, float] = {}
    for media in compared:
        prefix = "" if media.kind == "video" else f"{media.kind}_"
        found = parts.terms(media, special, same, temperature, factor)
        terms |= {f"{prefix}{name}": sums for name, sums in found.items()}
        weights |= {f"{prefix}{name}": getattr(media.weights, name) for name in ("contrastive", "matching", "words")}
    if spec.audio is not None and spec.audio.to_video and len(compared) > 1:
        video_rows, audio_rows = (media.embedding for media in compared[:2])
        found = contrastive_loss(audio_rows, video_rows, temperature, same, compared[1].valid)
        terms["audio_to_video"], weights["audio_to_video"] = found, spec.audio.to_video
    weight = valid.astype(jnp.float32)
    pairs = jnp.sum(weight)
    if targets is not None and video.layers is not None and video.pooled is not None:
        layers = feature_distance(video.layers, targets.layers)
        pooled = feature_distance(video.pooled[None, :, None], targets.pooled[None, :, None])
        terms |= {"layers": (jnp.sum(layers * weight), pairs), "pooled": (jnp.sum(pooled * weight), pairs)}
        weights |= {"layers": spec.layers, "pooled": spec.pooled}
    weighted = [value * _mean(*terms[name]) for name, value in weights.items() if name in terms]
    return pairs * jnp.sum(jnp.stack(weighted)), pairs, terms


def _mean(total: Float[Array, ""], count: Float[Array, ""]) -> Float[Array, ""]:
    return total / jnp.maximum(count, 1.0)


class _Compared(NamedTuple):
    """What texts are compared with.

    Attributes:
      kind: of media.
      memory: tokens that texts attend to.
      embedding: to compare with those of texts.
      valid: rows that have such media; the others are neither rows nor candidates of these terms.
      weights: of the terms; those of weight 0 are not computed.
    """

    kind: Media
    memory: Float[Array, "B N D_memory"]
    embedding: Float[Array, "B D_out"]
    valid: Bool[Array, " B"]
    weights: MediaLossSpec


class _Parts:
    """The terms of one step's loss that run the model."""

    def __init__(self, config: VideoTextConfig, params: Params, batch: Batch, rng: PRNGKeyArray) -> None:
        self._config, self._params, self._batch = config, params, batch
        self._model = VideoTextModel(config.model)
        self._rng = rng

    def apply(self, method: str, *args: Any, rngs: Any = None, **options: Any) -> Any:
        """Calls a method of the model."""
        return cast(Any, self._model.apply({"params": self._params}, *args, method=method, rngs=rngs, **options))

    def encode_video(self) -> tuple[EncodedVideo, TeacherFeatures | None]:
        """Encodes the visible patches; and the teacher's features of them, if they are learned."""
        config, frames = self._config, self._batch["frames"]
        vision, mask_spec = config.model.vision, config.mask_of(frames.shape[1])
        patches = vision.patches(frames.shape[1])
        features = None
        if config.model.teacher is not None and (config.loss.of_teacher or mask_spec.kind == "attention"):
            teacher = config.model.teacher
            pixels = resize_frames(teacher.normalise(frames), teacher.image_size)
            features = teacher_features(teacher, cast(Any, self._params["teacher"]), pixels)
        options: dict[str, Any] = {}
        if mask_spec.ratio:
            attention = jnp.ones((len(frames), patches)) if features is None else features.attention
            options["mask"] = draw_mask(self._key("mask"), mask_spec, attention, frames.shape[1])
            options["visible"] = mask_spec.visible(frames.shape[1], vision.grid**2)
        rngs = {"drop_path": mask_key(self._key("drop_path"))}
        pixels = vision.normalise(frames)
        video: EncodedVideo = self.apply("encode_video", pixels, deterministic=False, rngs=rngs, **options)
        if not config.loss.of_teacher:
            return video, None
        if features is not None and options:
            kept = jnp.pad(visible_indices(options["mask"], options["visible"]) + 1, ((0, 0), (1, 0)))
            layers = jnp.take_along_axis(features.layers, kept[None, :, :, None], axis=2)
            features = features._replace(layers=layers)
        return video, features

    def with_sound(self, weights: AudioLossSpec, video: EncodedVideo, factor: float) -> list[_Compared]:
        """The sound, and the picture with its sound, of rows that have it."""
        audio: EncodedMedia = self.apply("encode_audio", self._batch["spectrogram"])
        both: EncodedMedia = self.apply("with_sound", audio, video)
        valid = jnp.logical_and(self._batch["valid"], self._batch["has_sound"])
        rows = [scale_gradient(media.embedding, factor) for media in (audio, both)]
        return [
            _Compared("audio", audio.memory, rows[0], valid, weights.alone),
            _Compared("both", both.memory, rows[1], valid, weights.both),
        ]

    def terms(
        self,
        media: _Compared,
        special: SpecialWords,
        same: Bool[Array, "B B"],
        temperature: Float[Array, ""],
        factor: float,
    ) -> MetricSums:
        """The terms of these media and their captions, before their weights."""
        if not media.weights.any:
            return {}
        ids, mask = self._batch["text"], self._batch["text_mask"]
        text = self._encode_text("text_dropout", ids, mask)
        found: MetricSums = {}
        if media.weights.contrastive:
            embedding = scale_gradient(text.embedding, factor)
            found["contrastive"] = contrastive_loss(media.embedding, embedding, temperature, same, media.valid)
        if media.weights.matching:
            total, count, correct = self._matching(media, text, mask, same, temperature)
            found |= {"matching": (total, count), "matching_accuracy": (correct, count)}
        if media.weights.words:
            total, count, correct = self._words(special, media, ids, mask)
            found |= {"words": (total, count), "words_accuracy": (correct, count)}
        return found

    def _encode_text(self, stream: str, text: Int[Array, "B P"], mask: Bool[Array, "B P"]) -> EncodedText:
        rngs = {"dropout": mask_key(self._key(stream))}
        return self.apply("encode_text", text, mask, deterministic=False, rngs=rngs)

    def _matching(
        self,
        media: _Compared,
        text: EncodedText,
        masks: Bool[Array, "B P"],
        same: Bool[Array, "B B"],
        temperature: Float[Array, ""],
    ) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
        """Loss, number and correct ones of each pair, the media with another text, and the text with other media."""
        spec, valid = self._config.loss, media.valid
        size = spec.negative_rows or len(valid)
        groups = lambda x: rearrange(x, "(g b) ... -> g b ...", b=size)  # noqa: E731
        number = jnp.arange(len(valid) // size)
        excluded = jnp.logical_or(same, jnp.logical_not(valid)[None])
        excluded = rearrange(excluded, "(g b) (k c) -> g k b c", b=size, c=size)[number, number]
        embeddings = groups(media.embedding), groups(text.embedding)
        keys = jax.random.split(self._key("negatives", media), 2)
        other_media, other_text = (
            draw_negatives(key, spec, similarities(rows, columns, temperature), excluded)
            for key, (rows, columns) in zip(keys, (embeddings[::-1], embeddings), strict=True)
        )
        pairs = [
            (media.memory, text.tokens, masks),
            (_taken(groups(media.memory), other_media[0]), text.tokens, masks),
            (media.memory, _taken(groups(text.tokens), other_text[0]), _taken(groups(masks), other_text[0])),
        ]
        # Side by side in each row, so that pairs stay on the device of their row.
        memory, tokens, masks = (
            rearrange(jnp.stack(part, 1), "B k ... -> (B k) ...") for part in zip(*pairs, strict=True)
        )
        fused = self._fuse(self._key("matching_dropout", media), tokens, masks, memory)
        logits = rearrange(self.apply("match", fused, media.kind), "(B k) c -> B k c", k=len(pairs))
        found = [jnp.ones_like(valid), other_media[1].reshape(-1), other_text[1].reshape(-1)]
        counted = jnp.logical_and(jnp.stack(found, 1), jnp.broadcast_to(valid[:, None], (len(valid), len(pairs))))
        matched = jnp.broadcast_to(jnp.arange(len(pairs))[None] == 0, counted.shape)
        return matching_loss(logits, matched, counted)

    def _words(
        self, special: SpecialWords, media: _Compared, text: Int[Array, "B P"], mask: Bool[Array, "B P"]
    ) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
        """Loss, number and correct ones of hidden words, given the media."""
        spec, vocab = self._config.loss, self._config.model.text.vocab
        draws = draw_words(self._key("hidden_words", media), text.shape, spec.hidden_words, vocab)
        maskable = jnp.logical_and(jnp.logical_and(mask, text != special.first), media.valid[:, None])
        shown, hidden = hide_words(text, maskable, draws, special.mask)
        tokens = self._encode_text("words_dropout", shown, mask).tokens
        fused = self._fuse(self._key("fusion_dropout", media), tokens, mask, media.memory)
        rows, bias = self.apply("words", fused)
        embedding = cast(Any, self._params)["text"]["embeddings"]["word"]["embedding"]
        rows = rows.astype(self._config.model.text.dtype)
        return masked_word_loss(rows, embedding, bias, text, hidden, chunk=spec.chunk)

    def _fuse(
        self,
        key: PRNGKeyArray,
        tokens: Float[Array, "n P D"],
        mask: Bool[Array, "n P"],
        memory: Float[Array, "n N D_memory"],
    ) -> Float[Array, "n P D"]:
        return self.apply("fuse", tokens, mask, memory, deterministic=False, rngs={"dropout": mask_key(key)})

    def _key(self, name: str, media: _Compared | None = None) -> PRNGKeyArray:
        """The key of one purpose, for these media."""
        if media is not None and media.kind != "video":
            name = f"{media.kind}_{name}"
        return streams(self._rng, name)[name]


def draw_negatives(
    key: PRNGKeyArray,
    spec: LossSpec,
    similarity: Float[Array, "groups rows rows"],
    excluded: Bool[Array, "groups rows rows"],
) -> tuple[Int[Array, "groups rows"], Bool[Array, "groups rows"]]:
    """Draws what replaces a row's own column, see `objectives.choose_negatives`."""
    logits = negative_logits(similarity, excluded, hard=spec.negatives == "hard")
    return choose_negatives(logits, jax.random.gumbel(key, logits.shape))


def _taken(groups: Shaped[Array, "groups rows ..."], index: Int[Array, "groups rows"]) -> Shaped[Array, "B ..."]:
    """Rows of each group by their numbers within it."""
    index = index.reshape(*index.shape, *(1,) * (groups.ndim - 2))
    return rearrange(jnp.take_along_axis(groups, index, axis=1), "g b ... -> (g b) ...")
