"""Weights and options of the loss of stage 2."""

import dataclasses
from typing import Literal

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.errors import UserError


@dataclasses.dataclass(frozen=True)
class MediaLossSpec:
    """Weights of the terms that compare captions with media of one kind, see `LossSpec`."""

    contrastive: float = bounded(0.0, minimum=0)
    matching: float = bounded(0.0, minimum=0)
    words: float = bounded(0.0, minimum=0)

    @property
    def any(self) -> bool:
        """Whether a term is computed."""
        return bool(self.contrastive or self.matching or self.words)


@dataclasses.dataclass(frozen=True)
class AudioLossSpec:
    """Weights of the terms with sound, which are means over the samples that have sound; the defaults are the 6B's.

    Attributes:
      alone: captions and sound ("atc", "atm", "amlm" upstream).
      both: captions and videos with their sound ("avtc", "avtm", "avmlm").
      to_video: contrastive, sound and video ("avc").
    """

    alone: MediaLossSpec = dataclasses.field(default_factory=MediaLossSpec)
    both: MediaLossSpec = dataclasses.field(default_factory=lambda: MediaLossSpec(1.0, 1.0, 1.0))
    to_video: float = bounded(0.0, minimum=0)


@dataclasses.dataclass(frozen=True)
class LossSpec:
    """Weights of the terms of the loss; terms of weight 0 are not computed.

    Attributes:
      contrastive: of embeddings of videos and texts ("vtc" upstream).
      matching: whether a video and a text belong together ("vtm").
      words: hidden words of a caption, given the video ("mlm").
      layers: distance to the teacher's layers ("uta" times the first of `clip_loss_ratio`).
      pooled: distance to its pooled feature ("uta" times the second).
      negatives: of matching: "hard" are drawn by similarity, "random" are not.
      negative_rows: of matching: rows that negatives are drawn from, neighbours in the batch, which it divides; 0: all.
        Upstream's are the rows of a GPU. Tokens of negatives among the rows of other devices are exchanged.
      hidden_words: part of a caption's tokens that are hidden.
      contrastive_processes: of upstream's gradient: that of the contrastive term by the encoders is divided by this
        number, see `objectives.scale_gradient`; 1: the true gradient.
      chunk: tokens of each caption for which the logits of words are in memory at one time, on average.
      audio: of the terms with sound; None without model.audio.
    """

    contrastive: float = bounded(1.0, minimum=0)
    matching: float = bounded(1.0, minimum=0)
    words: float = bounded(1.0, minimum=0)
    layers: float = bounded(0.0, minimum=0)
    pooled: float = bounded(0.0, minimum=0)
    negatives: Literal["hard", "random"] = "hard"
    negative_rows: int = bounded(64, minimum=0)
    hidden_words: float = bounded(0.5, minimum=0, maximum=1)
    contrastive_processes: int = bounded(1, minimum=1)
    chunk: int = bounded(16, minimum=1)
    audio: AudioLossSpec | None = None

    def __post_init__(self) -> None:
        """Checks the bounds, and that there is a loss.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)
        if not (self.of_video.any or self.of_teacher or self.audio):
            raise UserError("all weights of config.loss are 0, and there is nothing to learn; set one above 0")

    @property
    def of_teacher(self) -> bool:
        """Whether a teacher's features are learned."""
        return bool(self.layers or self.pooled)

    @property
    def of_video(self) -> MediaLossSpec:
        """Weights of the terms that compare videos with captions."""
        return MediaLossSpec(self.contrastive, self.matching, self.words)
