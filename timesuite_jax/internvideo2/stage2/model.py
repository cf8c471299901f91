"""Encoders of videos and texts, and layers that relate the two (`internvideo2_stage2_visual.py` upstream).

vision/encoder/...                                 see `models.vision`
vision/{clip_positions, decoders, pooled_decoder}  predictions of the teacher's features
memory_proj/{kernel, bias}, memory_norm            projection of visual tokens ("av_concat_vision_proj", 6B only)
text/{embeddings, layers}                          layers of BERT that encode a text alone
fusion/layers                                      layers of BERT that attend to visual tokens
word_head/{dense, norm, bias}                      prediction of masked words
vision_proj, text_proj                             to the width of embeddings
match_head                                         whether a video and a text belong together
audio/...                                          see `internvideo2.model.audio_tower`, with `model.audio` only
both_proj                                          embedding of sound and picture together ("av_fusion")
audio_match_head, both_match_head                  as match_head, of sound, and of sound and picture
temperature
"""

from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.internvideo2.model import decode_features
from timesuite_jax.internvideo2.model.audio_tower import AudioTower, EncodedMedia
from timesuite_jax.internvideo2.stage2.spec import VideoTextSpec
from timesuite_jax.layers import LayerNorm, Linear
from timesuite_jax.layers.linear import torch_uniform
from timesuite_jax.models.text import Bert, FusionBert, WordHead
from timesuite_jax.models.vision import InternVideo2Encoder
from timesuite_jax.models.vision.internvideo2 import visible_indices

_MEMORY_NORM_EPSILON = 1e-5
Media = Literal["video", "audio", "both"]  # what texts are compared with; "both" is a video with its sound
_TEMPERATURES = 0.001, 0.5  # range that the temperature is clipped to, as upstream


class EncodedVideo(NamedTuple):
    """What the model computes of clips.

    Attributes:
      memory: tokens that texts attend to.
      embedding: to compare with those of texts, of any length.
      layers: predictions of a teacher's layers, not normalised; None without decoders.
      pooled: prediction of its pooled feature.
    """

    memory: Float[Array, "n N D_memory"]
    embedding: Float[Array, "n D_out"]
    layers: Float[Array, "L n N D_teacher"] | None
    pooled: Float[Array, "n D_pool"] | None


class EncodedText(NamedTuple):
    """Tokens of texts after the layers that encode a text alone, and an embedding to compare with those of videos."""

    tokens: Float[Array, "n P D"]
    embedding: Float[Array, "n D_out"]


class _Vision(nn.Module):
    """The video encoder with its decoders."""

    spec: VideoTextSpec

    @nn.compact
    def __call__(
        self,
        frames: Float[Array, "n F H W 3"],
        mask: Bool[Array, "n N_all"] | None,
        visible: int | None,
        *,
        deterministic: bool,
    ) -> tuple[Float[Array, "n N D"], dict[str, Any]]:
        """Returns tokens and, beside the encoder's other outputs, "decoded" if there are decoders."""
        vision = self.spec.vision
        encoder = InternVideo2Encoder(vision, name="encoder")
        tokens, aux = encoder(frames, mask=mask, visible=visible, deterministic=deterministic)
        if vision.return_layers:
            if mask is None or visible is None:
                mask, visible = jnp.ones((len(tokens), tokens.shape[1] - 1), bool), tokens.shape[1] - 1
            where = visible_indices(mask, visible), frames.shape[1]
            aux["decoded"] = decode_features(vision, self.spec.decoders, aux["layers"], aux["pooled"], *where)
        return tokens, aux


class VideoTextModel(nn.Module):
    """Encodes videos and texts, alone and together; `deterministic=False` enables dropout and drop path."""

    spec: VideoTextSpec

    def setup(self) -> None:
        """Creates the parts; see the module for their parameters."""
        spec = self.spec
        bert: dict[str, Any] = {"dtype": spec.text.dtype, "param_dtype": spec.text.param_dtype}
        self.vision = _Vision(spec)
        self.text = Bert(spec.text_encoder)
        self.fusion = FusionBert(spec.fusion)
        self.word_head = WordHead(spec.text)
        self.vision_proj = _linear(spec.embed_width, spec.vision.pool_width)
        self.text_proj = _linear(spec.embed_width, spec.text.width)
        self.match_head = _linear(2, spec.text.width)
        if spec.memory_width:
            self.memory_proj = _linear(spec.memory_width, spec.vision.width, **bert)
            self.memory_norm = LayerNorm(_MEMORY_NORM_EPSILON)
        if spec.audio is not None:
            self.audio = AudioTower(spec.audio.encoder, spec.memory_width, spec.embed_width)
            self.both_proj = _linear(spec.embed_width, 2 * spec.embed_width)
            self.both_match_head = _linear(2, spec.text.width)
            if spec.audio.matches_alone:
                self.audio_match_head = _linear(2, spec.text.width)
        constant = nn.initializers.constant(spec.temperature)
        self.free_temperature = self.param("temperature", nn.with_logical_partitioning(constant, ()), ())

    def __call__(
        self,
        frames: Float[Array, "n F H W 3"],
        text: Int[Array, "n P"],
        text_mask: Bool[Array, "n P"],
        spectrograms: Float[Array, "n rows bins"] | None = None,
    ) -> tuple[Float[Array, "n 2"], Float[Array, "n P D"]]:
        """Runs all parts, those for audio with spectrograms only: logits of pairs, and rows that predict words."""
        video = self.encode_video(frames)
        encoded = self.encode_text(text, text_mask).tokens
        fused = self.fuse(encoded, text_mask, video.memory)
        logits, words = self.match(fused), self.words(fused)[0]
        if spectrograms is not None:
            audio = self.encode_audio(spectrograms)
            fused = self.fuse(encoded, text_mask, self.with_sound(audio, video).memory)
            logits = logits + self.match(fused, "both")
            if self.spec.audio is not None and self.spec.audio.matches_alone:
                logits = logits + self.match(self.fuse(encoded, text_mask, audio.memory), "audio")
        return logits, words

    def encode_video(
        self,
        frames: Float[Array, "n F H W 3"],
        *,
        mask: Bool[Array, "n N_all"] | None = None,
        visible: int | None = None,
        deterministic: bool = True,
    ) -> EncodedVideo:
        """Encodes clips or images.

        Args:
          frames: normalised pixels.
          mask: patches that are encoded, the same number in each clip; None: all.
          visible: that number, with `mask`.
          deterministic: without drop path.
        """
        memory, aux = self.vision(frames, mask, visible, deterministic=deterministic)
        if self.spec.memory_width:
            memory = self.memory_norm(self.memory_proj(memory))
        layers, pooled = aux.get("decoded", (None, None))
        return EncodedVideo(memory, self.vision_proj(aux["pooled"].astype(jnp.float32)), layers, pooled)

    def encode_audio(self, spectrograms: Float[Array, "n rows bins"]) -> EncodedMedia:
        """Encodes sound, with `model.audio`; see `AudioTower`."""
        return self.audio(spectrograms)

    def with_sound(self, audio: EncodedMedia, video: EncodedVideo) -> EncodedMedia:
        """Tokens of sound, then of picture, that texts attend to, and an embedding of both."""
        memory = jnp.concatenate([audio.memory, video.memory.astype(audio.memory.dtype)], axis=1)
        return EncodedMedia(memory, self.both_proj(jnp.concatenate([audio.embedding, video.embedding], axis=1)))

    def encode_text(
        self, text: Int[Array, "n P"], mask: Bool[Array, "n P"], *, deterministic: bool = True
    ) -> EncodedText:
        """Encodes texts alone.

        Args:
          text: token ids with [CLS] first.
          mask: False at padding.
          deterministic: without dropout.
        """
        tokens = self.text(text, mask, deterministic=deterministic)
        return EncodedText(tokens, self.text_proj(tokens[:, 0]))

    def fuse(
        self,
        text: Float[Array, "n P D"],
        text_mask: Bool[Array, "n P"],
        memory: Float[Array, "n N D_memory"],
        memory_mask: Bool[Array, "n N"] | None = None,
        *,
        deterministic: bool = True,
    ) -> Float[Array, "n P D"]:
        """Relates the tokens of texts (`EncodedText.tokens`) to visual ones (`EncodedVideo.memory`)."""
        return self.fusion(text, text_mask, memory, memory_mask, deterministic=deterministic)

    def match(self, fused: Float[Array, "n P D"], media: Media = "video") -> Float[Array, "n 2"]:
        """Logits of pairs that do not belong together, and that do, from `fuse` with tokens of these media."""
        if media == "both":
            return self.both_match_head(fused[:, 0])
        return (self.audio_match_head if media == "audio" else self.match_head)(fused[:, 0])

    def words(self, fused: Float[Array, "n P D"]) -> tuple[Float[Array, "n P D"], Float[Array, " V"]]:
        """Rows to multiply with the word embeddings to predict words, from `fuse`, and the bias of each word."""
        return self.word_head(fused)

    def temperature(self) -> Float[Array, ""]:
        """The temperature within its range; its gradient is that of the parameter.

        Upstream clips the parameter itself before each forward pass.
        """
        free = jnp.asarray(self.free_temperature, jnp.float32)
        return free + jax.lax.stop_gradient(jnp.clip(free, *_TEMPERATURES) - free)


def _linear(features: int, width: int, **types: Any) -> Linear:
    init = torch_uniform(width)
    return Linear(features, ("embed", None), kernel_init=init, bias_init=init, **types)
