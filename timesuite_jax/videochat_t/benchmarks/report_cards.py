"""The best and worst answers of a benchmark, as a report shows them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from timesuite_jax.data.choices.choice_question import LETTERS
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Benchmark, Result, Span
from timesuite_jax.evaluation.html_report import Lane, ReportCard, extreme_examples, write_report
from timesuite_jax.evaluation.main_metric import main_metric
from timesuite_jax.metrics.highlights import CLIP_SECONDS
from timesuite_jax.text import format_span
from timesuite_jax.videochat_t.answering.predictor import VideoQuestion
from timesuite_jax.videochat_t.answering.timeline_parts import no_span_note, video_frames
from timesuite_jax.videochat_t.benchmarks.grounding_prediction import GroundingPrediction
from timesuite_jax.videochat_t.benchmarks.published.choices.choice_prediction import ChoicePrediction
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.prediction import DenseCaptionPrediction
from timesuite_jax.videochat_t.benchmarks.published.highlights.qvhighlights_highlights import HighlightPrediction

Frames = Sequence[UInt8[np.ndarray, "H W 3"]]


def write_benchmark_report(
    benchmark: Benchmark[Any, VideoQuestion, Any, Any], result: Result[Any], title: str, folder: Path
) -> None:
    """Writes the report of a benchmark, with frames of the videos of its best and worst answers.

    Raises:
      UserError: the file cannot be written.
    """
    worst, best = extreme_examples(result)
    examples = {example.id: example for example in benchmark.examples() if example.id in {*worst, *best}}
    places = {id: place for place, id in enumerate(result.predictions)}
    metric = main_metric(result.scores.metrics())

    def card(id: str) -> ReportCard:
        value = result.scores.per_example[metric][places[id]]
        shown = result.inputs.get(id, {}).get("question", "")
        return report_card(id, result.predictions[id], shown, f"{metric} {value:.2f}", _frames(benchmark, examples[id]))

    write_report(result, title, [card(id) for id in worst], [card(id) for id in best], folder)


def report_card(id: str, prediction: Any, shown: str, score: str, frames: Frames) -> ReportCard:
    """Returns one answer.

    Args:
      id: of the example.
      prediction: of a benchmark.
      shown: the question as the model was asked it, if that is known.
      score: of the answer.
      frames: of the video.
    """
    question = shown or prediction.question
    texts, lanes, start, duration, options = [("question", question), ("answer", prediction.answer)], [], 0.0, 0.0, []
    if isinstance(prediction, GroundingPrediction):
        line = prediction.timeline()
        start, duration = line.start, line.duration
        lanes = [Lane("truth", line.truth), Lane("answer", line.predicted, line.no_span)]
    elif isinstance(prediction, HighlightPrediction):
        duration = prediction.duration
        found = [clip for clip, value in enumerate(prediction.scores) if value > 0]
        lanes = [
            Lane("truth", _clips(prediction.clips)),
            Lane("answer", _clips(found), no_span_note(prediction.answer)),
        ]
    elif isinstance(prediction, DenseCaptionPrediction):
        duration = prediction.duration
        lanes = [
            Lane("truth", [event[:2] for event in prediction.truth]),
            Lane("answer", [event[:2] for event in prediction.events], no_span_note(prediction.answer)),
        ]
        texts.append(("truth", "  ".join(f"{format_span(event[:2])}, {event[2]}" for event in prediction.truth)))
    elif isinstance(prediction, ChoicePrediction):
        texts[0] = ("question", prediction.question)
        options = [
            (f"{letter}. {text}", number == prediction.truth, number in prediction.chosen)
            for number, (letter, text) in enumerate(zip(LETTERS, prediction.options, strict=False))
        ]
    elif reference := getattr(prediction, "reference", ""):
        texts.append(("truth", reference))
    return ReportCard(id, prediction.source, score, texts, lanes, start, duration, options, frames)


def _frames(benchmark: Benchmark[Any, VideoQuestion, Any, Any], example: Any) -> Frames:
    """Frames of a video; none if they cannot be decoded again."""
    try:
        return video_frames(benchmark.prompt(example).record)
    except UserError:
        return ()


def _clips(numbers: Sequence[int]) -> list[Span]:
    return [(float(CLIP_SECONDS * number), float(CLIP_SECONDS * (number + 1))) for number in numbers]
