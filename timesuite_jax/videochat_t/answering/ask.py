"""One question about one video."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from einops import rearrange
from jaxtyping import UInt8

from timesuite_jax.data.corpora import Batch
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.timeline import Span, Timeline
from timesuite_jax.media.sampling import Clock
from timesuite_jax.text import Turn, parse_spans, shift_times, span_captions
from timesuite_jax.timing.clips import video_span
from timesuite_jax.videochat_t.answering.answerer import Answerer
from timesuite_jax.videochat_t.answering.timeline_parts import evenly_spaced, no_span_note
from timesuite_jax.videochat_t.data.budget import DoesNotFit
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.sample import Sample


@dataclasses.dataclass(frozen=True)
class AskResult:
    """A question with its answer; all seconds count from the start of the video.

    Attributes:
      video: path of the file.
      question: text.
      answer: the model's words, with the times of a clip moved to those of the video, see `shift_times`.
      spans: parsed from the answer.
      captions: what the answer states about each span; "" where it states nothing.
      duration: of the video.
      clip: start and end of the part that the model saw; None for all of the video.
      clock: what the seconds are, see `media.sampling`.
      frames: evenly spaced frames of what the model saw, for the timeline.
    """

    video: str
    question: str
    answer: str
    spans: tuple[Span, ...]
    captions: tuple[str, ...]
    duration: float
    clip: Span | None = None
    clock: Clock = "pts"
    frames: Sequence[UInt8[np.ndarray, "H W 3"]] = dataclasses.field(default=(), repr=False)

    def as_json(self) -> dict[str, Any]:
        """Returns the answer as JSON values."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        del fields["frames"], fields["clock"]
        return {**fields, "unit": "seconds of the video"}

    def timeline(self) -> Timeline:
        """Returns the answer as a strip to draw."""
        start, end = self.clip or (0.0, self.duration)
        return Timeline(
            f"{self.question}  ->  {self.answer}",
            end - start,
            self.spans,
            video=Path(self.video).name,
            start=start,
            frames=self.frames,
            no_span=no_span_note(self.answer),
        )


def ask(
    answerer: Answerer | Callable[[Batch], list[str]],
    processor: Processor,
    video: str | Path,
    question: str,
    *,
    clip: Span | None = None,
) -> AskResult:
    """Answers a question about a video file.

    Args:
      answerer: the model.
      processor: prepares its inputs.
      video: path of the file.
      question: text; where it names times and there is a clip, these count from the clip's start, as the model sees it.
      clip: start and end, in seconds, of the part to show.

    Raises:
      UserError: the video cannot be used, or the question is empty or too long.
    """
    if not question.strip():
        raise UserError('the question is empty; give one, e.g. "When does the man open the oven?"')
    turn = Turn(question)
    visual = processor.video_file_inputs(str(video), clip, name=str(video))
    words = processor.conversation([turn], visual.seconds)
    if isinstance(words, DoesNotFit):
        raise UserError(f"the question does not fit: it {words.reason}; ask a shorter one")
    batch = processor.collate([Sample(visual, words)], fixed_length=False)
    text = answerer(batch)[0]
    start = clip[0] if clip else 0.0
    spans = parse_spans(text, duration=visual.duration)
    seen = None if clip is None else (start, start + visual.duration)
    frames = rearrange(visual.frames, "K F H W c -> (K F) H W c")
    return AskResult(
        str(video),
        question,
        shift_times(text, start, duration=visual.duration),
        tuple(video_span(span, clip) for span in spans),
        tuple(span_captions(text, spans, duration=visual.duration)),
        visual.duration if visual.video_duration is None else visual.video_duration,
        seen,
        processor.clock,
        [frames[number] for number in evenly_spaced(len(frames))],
    )
