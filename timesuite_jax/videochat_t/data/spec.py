"""Options of a VideoChat-T sample: those that a config chooses, and those that the model fixes."""

import dataclasses
from dataclasses import dataclass
from typing import Literal, Self

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.data.corpora import StreamSpec
from timesuite_jax.errors import UserError
from timesuite_jax.media import DEFAULT_DEADLINE_S
from timesuite_jax.text import LAYOUTS, ClipTextPadding, TimeStyle

Turns = Literal["all", "shuffled", "one", "independent"]


@dataclass(frozen=True, kw_only=True)
class SampleSpec:
    """How a record becomes a sample; the fields of `config.data` that concern samples.

    Attributes:
      buckets: sequence lengths S, visual tokens and BOS included; a batch takes the smallest that holds all its rows.
      clip_text_length: P, word pieces of a clip's time text.
      sampling: variant of `SamplingSpec`.
      transform: variant of `TransformSpec`.
      layout: name of a conversation layout.
      time_style: how frame times are written.
      shorten_time_text: whether the time text of the language model gives way where a sample is too long.
      turns: all turns of a record as one conversation, in their order or shuffled (as the original does); one of them,
        drawn at each visit; or all of them in one row, masked from each other, each a conversation of its own.
      deadline_s: wall seconds that decoding a video may take.
    """

    buckets: tuple[int, ...]
    clip_text_length: int = bounded(80, minimum=3)  # [CLS], a word and [SEP] are the shortest text
    sampling: str = "random"
    transform: str = "default"
    layout: str = "training"
    time_style: TimeStyle = TimeStyle.DECIMAL
    shorten_time_text: bool = True
    turns: Turns = "shuffled"
    deadline_s: float = bounded(DEFAULT_DEADLINE_S, minimum=0)

    def __post_init__(self) -> None:
        """Checks the layout, and that it goes with `turns`.

        Raises:
          UserError: if the layout is unknown, or the two exclude each other.
        """
        check_bounds(self)
        if self.layout not in LAYOUTS:
            raise UserError(f"unknown conversation layout {self.layout!r}; known: {', '.join(LAYOUTS)}")
        if self.turns == "independent" and not LAYOUTS[self.layout].turns_alike:
            raise UserError(
                f"turns='independent' needs a layout that formats all turns alike, and {self.layout!r} adds text to "
                "the first one; choose layout='training'"
            )

    def for_evaluation(self) -> Self:
        """The same options without randomness: always the same frames, all turns in their order.

        The original evaluates on a grid of its own, not on the middle of the intervals that it trains on.
        """
        deterministic = {"random": "middle", "upstream_random": "upstream_evaluation"}
        return dataclasses.replace(self, sampling=deterministic.get(self.sampling, self.sampling), turns="all")


@dataclass(frozen=True, kw_only=True)
class DataSpec(StreamSpec, SampleSpec):
    """`config.data`: the training corpora, how they are read, and how records become samples.

    Attributes:
      corpora: folders, "FOLDER*3" to visit records three times an epoch, "MIXTURE@FOLDER" for a ready-made mixture; see
        `timesuite_jax.data.corpora.corpus_shares`.
      corpus_weights: shares of the entries in an epoch's samples; none: each record is visited once.
    """

    corpora: tuple[str, ...]
    corpus_weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Checks bounds and combinations.

        Raises:
          UserError: as the two specs.
        """
        StreamSpec.__post_init__(self)
        SampleSpec.__post_init__(self)


@dataclass(frozen=True)
class VideoInputSpec:
    """Sizes and layout of a video's inputs, fixed by the model.

    Attributes:
      clips: K, clips of a video.
      clip_frames: F, frames of a clip.
      size: side of the square frames, pixels.
      n_visual: visual tokens in the language model's sequence.
      clip_text_padding: where the clips' texts are in their rows, see `timesuite_jax.text.clip_text`.
    """

    clips: int
    clip_frames: int
    size: int
    n_visual: int
    clip_text_padding: ClipTextPadding = "right"

    @property
    def num_frames(self) -> int:
        """T = K * F."""
        return self.clips * self.clip_frames

    def for_evaluation(self) -> Self:
        """The same inputs independent of other videos of a batch, as in the original's evaluation."""
        per_batch = self.clip_text_padding == "left_per_batch"
        return dataclasses.replace(self, clip_text_padding="left_per_video") if per_batch else self
