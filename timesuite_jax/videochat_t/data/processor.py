"""From a record to the arrays of one sample: decode, choose frames, transform, write the texts, fit the budget.

The visual half serves training, evaluation and `ask` alike; the conversation half is training's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from einops import rearrange
from jaxtyping import Bool, Float, Int, UInt8

from timesuite_jax.data.corpora.record import Record
from timesuite_jax.errors import UserError
from timesuite_jax.media import DEFAULT_DEADLINE_S, SamplingSpec, TransformSpec, choose_frames, decode_jpegs
from timesuite_jax.media import sample_video as sample_video_file
from timesuite_jax.text import LAYOUTS, TimeStyle, Tokenizer, Turn, clip_time_texts, encode_clip_texts, shuffled
from timesuite_jax.videochat_t.data.budget import Cut, DoesNotFit, Row, fit, lay_out

Turns = Literal["all", "shuffled", "one", "independent"]


@dataclass(frozen=True)
class SampleSpec:
    """How a record becomes a sample.

    Attributes:
      clips: K, clips of a video.
      clip_frames: F, frames of a clip.
      size: side of the square frames, pixels.
      n_visual: visual tokens in the language model's sequence.
      buckets: sequence lengths S; a batch takes the smallest that holds it.
      clip_text_length: P, tokens of a clip's time text.
      sampling: variant of `SamplingSpec`.
      transform: variant of `TransformSpec`.
      train: random crops where the transform has them.
      layout: name of a conversation layout.
      time_style: how frame times are written.
      turns: all turns of a record as one conversation, in their order or shuffled (as the original does); one of them,
        drawn anew each epoch; or all of them in one row and unseen by each other, each a conversation of its own.
      deadline_s: wall seconds that a video may take.
    """

    clips: int
    clip_frames: int
    size: int
    n_visual: int
    buckets: tuple[int, ...]
    clip_text_length: int
    sampling: str = "middle"
    transform: str = "default"
    train: bool = True
    layout: str = "training"
    time_style: TimeStyle = TimeStyle.DECIMAL
    turns: Turns = "all"
    deadline_s: float = DEFAULT_DEADLINE_S

    def __post_init__(self):
        if self.layout not in LAYOUTS:
            raise UserError(f"unknown conversation layout {self.layout!r}; known: {', '.join(LAYOUTS)}")
        if self.turns == "independent" and not LAYOUTS[self.layout].turns_alike:
            raise UserError(
                f"turns='independent' needs a layout whose turns are alike, and {self.layout!r} gives the first what "
                "later ones lack; choose layout='training'"
            )
        if not self.buckets or min(self.buckets) <= self.n_visual + 1:
            raise UserError(
                f"buckets {self.buckets} leave no room for text beside {self.n_visual} visual tokens; raise them"
            )

    @property
    def num_frames(self) -> int:
        """T = K * F."""
        return self.clips * self.clip_frames


@dataclass(frozen=True)
class VideoInputs:
    """What the model sees of a video.

    Attributes:
      frames: not normalised.
      seconds: of each frame, from the start of the video or clip.
      clip_text: BERT ids of the clips' time texts.
      clip_text_mask: True on tokens.
      clip_text_cut: how many tokens of them did not fit.
      duration: seconds of the video or clip.
    """

    frames: UInt8[np.ndarray, "K F H W 3"]
    seconds: Float[np.ndarray, " T"]
    clip_text: Int[np.ndarray, "K P"]
    clip_text_mask: Bool[np.ndarray, "K P"]
    clip_text_cut: int
    duration: float


@dataclass(frozen=True)
class TokenizedConversation:
    """The conversation of a sample, laid out in the largest bucket; `length` is the one it needs."""

    row: Row
    length: int
    cuts: tuple[Cut, ...]


class Processor:
    """Makes the parts of samples by one spec. Can be pickled into worker processes."""

    def __init__(self, spec: SampleSpec, tokenizer: Tokenizer, clip_tokenizer: Tokenizer):
        self.spec = spec
        self._tokenizer = tokenizer
        self._clip_tokenizer = clip_tokenizer
        self._sampling = SamplingSpec.from_variant(spec.sampling, spec.num_frames)
        self._transform = TransformSpec.from_variant(spec.transform, spec.size, train=spec.train)

    @property
    def special(self) -> tuple[int, int]:
        """Ids of the language model's beginning and padding tokens."""
        return self._tokenizer.special.bos, self._tokenizer.special.pad

    @property
    def visual_deterministic(self) -> bool:
        """Whether a record always gives the same frames."""
        return self._sampling.deterministic and self._transform.deterministic

    def visual(self, record: Record, rng: np.random.Generator | None = None) -> VideoInputs:
        """Frames and clip texts of a record; `rng` is needed unless `visual_deterministic`.

        Raises:
          VideoError: the video cannot be used.
        """
        if record.video is not None:
            return self.visual_of_file(record.video, record.clip, rng, name=name_of(record))
        numbers, seconds = self._choose_stored(record, rng)
        frames = decode_jpegs(
            [record.frames[number] for number in numbers], name=name_of(record), resize=self._transform.decode_size()
        )
        return self._assemble(frames, seconds, record.duration, rng)

    def visual_of_file(
        self,
        source: str | bytes,
        clip: tuple[float, float] | None = None,
        rng: np.random.Generator | None = None,
        *,
        name: str | None = None,
    ) -> VideoInputs:
        """Frames and clip texts of a video file or its bytes.

        Raises:
          VideoError: the video cannot be used.
        """
        video = sample_video_file(
            source,
            self._sampling,
            clip=clip,
            rng=rng,
            resize=self._transform.decode_size(),
            deadline_s=self.spec.deadline_s,
            name=name,
        )
        return self._assemble(video.frames, video.seconds, video.duration, rng)

    def clip_texts(
        self, seconds: Sequence[float] | Float[np.ndarray, " T"]
    ) -> tuple[Int[np.ndarray, "K P"], Bool[np.ndarray, "K P"], int]:
        """Ids and mask of the clips' time texts for these frame times, and the number of tokens cut off."""
        texts = clip_time_texts(
            [float(second) for second in seconds],
            clips=self.spec.clips,
            clip_frames=self.spec.clip_frames,
            style=self.spec.time_style,
        )
        encoded = encode_clip_texts(self._clip_tokenizer, texts, self.spec.clip_text_length)
        return encoded.ids, encoded.mask, int(encoded.n_cut.sum())

    def words(
        self, turns: Sequence[Turn], seconds: Sequence[float] | Float[np.ndarray, " T"]
    ) -> TokenizedConversation | DoesNotFit:
        """The conversation as a row of tokens with its loss mask, or why it cannot fit."""
        fitted = fit(
            self._tokenizer,
            turns,
            seconds=[float(second) for second in seconds],
            n_visual=self.spec.n_visual,
            buckets=self.spec.buckets,
            layout=LAYOUTS[self.spec.layout],
            style=self.spec.time_style,
            independent=self.spec.turns == "independent",
        )
        if isinstance(fitted, DoesNotFit):
            return fitted
        row = lay_out(
            fitted.conversation,
            n_visual=self.spec.n_visual,
            length=max(self.spec.buckets),
            special=self._tokenizer.special,
        )
        return TokenizedConversation(row, fitted.length, fitted.cuts)

    def turns_of(self, turns: Sequence[Turn], rng: np.random.Generator) -> tuple[int, tuple[Turn, ...]]:
        """The turns used in this visit of a record, and a number that tells the choices apart (-1: not repeatable)."""
        if self.spec.turns == "one":
            number = int(rng.integers(len(turns)))
            return number, (turns[number],)
        if self.spec.turns == "shuffled" and len(turns) > 1:
            return -1, shuffled(turns, rng)
        return 0, tuple(turns)

    def _choose_stored(self, record: Record, rng: np.random.Generator | None):
        times = np.asarray(record.frame_times)
        if len(times) == self.spec.num_frames and self._sampling.deterministic:
            return np.arange(len(times)), times
        rate = len(times) / record.duration
        return choose_frames(times, record.duration, rate, self._sampling, rng=rng, name=name_of(record))

    def _assemble(self, frames, seconds, duration, rng) -> VideoInputs:
        frames = self._transform(frames, rng)
        ids, mask, cut = self.clip_texts(seconds)
        clips = rearrange(frames, "(K F) H W c -> K F H W c", K=self.spec.clips)
        return VideoInputs(clips, np.asarray(seconds), ids, mask, cut, duration)


def name_of(record: Record) -> str:
    """How a record is called in messages."""
    return f"{record.source} (record {record.id})" if record.source else f"of record {record.id}"
