"""Makes the parts of a sample: decodes and transforms frames, tokenizes clip texts and conversations.

Training, evaluation and `ask` share it.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from einops import rearrange
from jaxtyping import Bool, Float, Int, UInt8

from timesuite_jax.data.corpora import Batch, Dropped, Record
from timesuite_jax.errors import UserError
from timesuite_jax.media import (
    SampledVideo,
    SamplingSpec,
    TransformSpec,
    choose_frames,
    decode_jpegs,
    sample_video,
    sample_windows,
)
from timesuite_jax.media.sampling import Clock
from timesuite_jax.text import LAYOUTS, ConversationLayout, Tokenizer, Turn, clip_time_texts, encode_clip_texts
from timesuite_jax.videochat_t.data.batch import collate
from timesuite_jax.videochat_t.data.budget import DoesNotFit, fit_conversation
from timesuite_jax.videochat_t.data.sample import Sample, TokenizedConversation, VideoInputs
from timesuite_jax.videochat_t.data.spec import SampleSpec, VideoInputSpec
from timesuite_jax.videochat_t.data.token_row import lay_out


class Processor:
    """Makes the parts of samples, and batches of them, by one spec. Can be pickled into worker processes.

    Args:
      spec: how records become samples.
      video: sizes of a video's inputs.
      tokenizer: of the language model.
      clip_tokenizer: of the Q-Former.
      train: random frames, crops and turns where the spec has them; otherwise `for_evaluation()` of both specs holds.

    Raises:
      UserError: a variant is unknown, or the buckets hold no text.
    """

    def __init__(
        self,
        spec: SampleSpec,
        video: VideoInputSpec,
        tokenizer: Tokenizer,
        clip_tokenizer: Tokenizer,
        *,
        train: bool,
    ):
        if not spec.buckets or min(spec.buckets) <= video.n_visual + 1:
            raise UserError(
                f"data.buckets={spec.buckets} leave no space for text beside {video.n_visual} visual tokens; raise them"
            )
        self.spec = spec if train else spec.for_evaluation()
        self._video = video if train else video.for_evaluation()
        self.tokenizer, self._clip_tokenizer = tokenizer, clip_tokenizer
        self._sampling = SamplingSpec.from_variant(self.spec.sampling, video.num_frames)
        self._transform = TransformSpec.from_variant(spec.transform, video.size, train=train)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that decides how records become samples, for result files."""
        sample = {field.name: getattr(self.spec, field.name) for field in dataclasses.fields(SampleSpec)}
        return {**sample, **dataclasses.asdict(self._video)}

    @property
    def num_frames(self) -> int:
        """T, frames of a video."""
        return self._video.num_frames

    @property
    def clock(self) -> Clock:
        """What the seconds of frames are, see `media.sampling`."""
        return self._sampling.clock

    @property
    def deterministic(self) -> bool:
        """Whether a record always gives the same frames."""
        return self._sampling.deterministic and self._transform.deterministic

    def video_inputs(self, record: Record, rng: np.random.Generator | None = None) -> VideoInputs:
        """Frames and clip texts of a record; `rng` is needed unless `deterministic`.

        Raises:
          VideoError: the video cannot be used.
        """
        name = record.video_name
        if record.video is not None:
            return self.video_file_inputs(record.video, record.clip, rng, name=name)
        numbers, seconds = self._choose_stored(record, rng)
        frames = decode_jpegs(
            [record.frames[number] for number in numbers], name=name, resize=self._transform.decode_size()
        )
        return self._assemble(frames, seconds, record.duration, rng)

    def video_file_inputs(
        self,
        source: str | bytes,
        clip: tuple[float, float] | None = None,
        rng: np.random.Generator | None = None,
        *,
        name: str | None = None,
    ) -> VideoInputs:
        """Frames and clip texts of a video file or its bytes.

        Args:
          source: path or content of the file.
          clip: start and end, seconds, of the part to use; None for all of it.
          rng: as in `video_inputs`.
          name: of the video, for messages.

        Raises:
          VideoError: the video cannot be used.
        """
        video = sample_video(
            source,
            self._sampling,
            clip=clip,
            rng=rng,
            resize=self._transform.decode_size(),
            deadline_s=self.spec.deadline_s,
            name=name,
        )
        return self._sampled_inputs(video, rng)

    def window_inputs(
        self, source: str | bytes, windows: Sequence[tuple[float, float]], *, name: str, first: int = 0
    ) -> Iterator[VideoInputs]:
        """Frames and clip texts of windows of a video file, one window after another, in constant memory.

        Args:
          source: path or content of the file.
          windows: start and end of each, seconds; neither may be before that of the window before it.
          name: of the video, for messages.
          first: number of the first window to yield.

        Raises:
          VideoError: the video cannot be used.
        """
        sampled = sample_windows(
            source, self._sampling, windows, resize=self._transform.decode_size(), name=name, first=first
        )
        for video in sampled:
            yield self._sampled_inputs(video, None)

    def clip_texts(
        self, seconds: Sequence[float] | Float[np.ndarray, " T"]
    ) -> tuple[Int[np.ndarray, "K P"], Bool[np.ndarray, "K P"], int]:
        """Ids and mask of the clips' time texts for these frame times, and the number of tokens cut off."""
        texts = clip_time_texts(
            [float(second) for second in seconds],
            clips=self._video.clips,
            clip_frames=self._video.clip_frames,
            style=self.spec.time_style,
        )
        encoded = encode_clip_texts(
            self._clip_tokenizer, texts, self.spec.clip_text_length, self._video.clip_text_padding
        )
        return encoded.ids, encoded.mask, int(encoded.n_cut.sum())

    def conversation(
        self,
        turns: Sequence[Turn],
        seconds: Sequence[float] | Float[np.ndarray, " T"],
        *,
        layout: ConversationLayout | None = None,
        answer_prompt: str = "",
    ) -> TokenizedConversation | DoesNotFit:
        """A conversation as a row of tokens with its loss mask, or why it does not fit.

        Args:
          turns: questions and answers; a question that is to be answered follows on from those before it, also in a
            model that was trained on independent ones.
          seconds: time of each frame.
          layout: of the conversation; that of the spec if not given.
          answer_prompt: start of the answer that is given to the model.
        """
        follows = len(turns) > 1 and turns[-1].answer is None
        fitted = fit_conversation(
            self.tokenizer,
            turns,
            seconds=[float(second) for second in seconds],
            n_visual=self._video.n_visual,
            buckets=self.spec.buckets,
            layout=layout or LAYOUTS[self.spec.layout],
            style=self.spec.time_style,
            shorten=self.spec.shorten_time_text,
            independent=self.spec.turns == "independent" and not follows,
            answer_prompt=answer_prompt,
        )
        if isinstance(fitted, DoesNotFit):
            return fitted
        row = lay_out(
            fitted.conversation,
            n_visual=self._video.n_visual,
            length=max(self.spec.buckets),
            special=self.tokenizer.special,
        )
        return TokenizedConversation(row, fitted.length, fitted.cuts)

    def collate(self, samples: Sequence[Sample | Dropped], *, fixed_length: bool) -> Batch:
        """Stacks samples; see `batch.collate`."""
        return collate(samples, self.spec, self._video, self.tokenizer.special, fixed_length=fixed_length)

    def _choose_stored(
        self, record: Record, rng: np.random.Generator | None
    ) -> tuple[Int[np.ndarray, " T"], Float[np.ndarray, " T"]]:
        """Indices and times of the stored frames to use."""
        times = np.asarray(record.frame_times)
        if len(times) == self._video.num_frames and self._sampling.deterministic:
            return np.arange(len(times)), times
        rate = len(times) / record.duration
        return choose_frames(times, record.duration, rate, self._sampling, rng=rng, name=record.video_name)

    def _sampled_inputs(self, video: SampledVideo, rng: np.random.Generator | None) -> VideoInputs:
        inputs = self._assemble(video.frames, video.seconds, video.duration, rng)
        return dataclasses.replace(inputs, video_duration=video.video_duration)

    def _assemble(
        self,
        frames: UInt8[np.ndarray, "T H_out W_out 3"],
        seconds: Float[np.ndarray, " T"],
        duration: float,
        rng: np.random.Generator | None,
    ) -> VideoInputs:
        frames = self._transform(frames, rng)
        ids, mask, cut = self.clip_texts(seconds)
        clips = rearrange(frames, "(K F) H W c -> K F H W c", K=self._video.clips)
        return VideoInputs(clips, np.asarray(seconds), ids, mask, cut, duration)
