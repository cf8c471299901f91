"""One question about one video."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from timesuite_jax.data.corpora import Batch
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.timeline import Span, Timeline
from timesuite_jax.text import Turn, parse_spans
from timesuite_jax.videochat_t.answering.answerer import Answerer
from timesuite_jax.videochat_t.data.budget import DoesNotFit
from timesuite_jax.videochat_t.data.processor import Processor
from timesuite_jax.videochat_t.data.sample import Sample


@dataclasses.dataclass(frozen=True)
class AskResult:
    """A question with its answer."""

    video: str
    question: str
    answer: str
    spans: tuple[Span, ...]  # parsed from the answer; seconds from `start`
    duration: float  # seconds of the video, or of the clip that was shown
    start: float = 0.0  # of the clip in the video, in seconds

    def as_json(self) -> dict[str, Any]:
        """Returns the answer as JSON values."""
        return dataclasses.asdict(self)

    def timeline(self) -> Timeline:
        """Returns the answer as a strip to draw."""
        return Timeline(f"{self.question}  ->  {self.answer}", self.duration, self.spans)


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
      question: text.
      clip: start and end, in seconds, of the part to show; spans are relative to its start.

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
    spans = tuple((span.start, span.end) for span in parse_spans(text, duration=visual.duration))
    return AskResult(str(video), question, text, spans, visual.duration, clip[0] if clip else 0.0)
