"""Temporal grounding on corpora, as in Charades-STA: when does the event of a question happen?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from timesuite_jax.data.corpora import Record
from timesuite_jax.data.corpora.bad_spans import fit_windows
from timesuite_jax.data.timepro import TASKS
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Benchmark, Scores
from timesuite_jax.evaluation.answer_spans import READERS
from timesuite_jax.videochat_t.answering.answer_forms import FORM_OF_TASK, FREE
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.benchmarks.corpus_examples import CorpusExample, CorpusExamples
from timesuite_jax.videochat_t.benchmarks.grounding_prediction import GroundingPrediction
from timesuite_jax.videochat_t.benchmarks.span_scores import METRIC_NAMES, span_details, span_table

Control = Literal["none", "foreign_frames", "rescaled_stamps"]


class GroundingBenchmark(Benchmark[CorpusExample, VideoQuestion, VideoAnswer, GroundingPrediction]):
    """All questions with a true window, except those for single moments (highlights), whose answers are no spans.

    R@1 and mean IoU score the first span of an answer against the best true window, set IoU and average precision all
    spans against all windows. A question is dropped if a true window extends beyond its video by more than a second,
    unless the corpus was built to keep such spans.

    Args:
      folders: corpora whose records have spans.
      limit: records of each corpus, from the first; None for all.
      control: what is changed in the model's input, see `VideoQuestion`.
      protocol: "paper" parses answers as the original does; the model's inputs are the predictor's.

    Raises:
      UserError: a corpus is missing or damaged.
    """

    name, metric_names, prediction_type = "grounding", METRIC_NAMES, GroundingPrediction
    protocols = ("default", "paper")

    def __init__(
        self,
        folders: Sequence[str],
        *,
        limit: int | None = None,
        control: Control = "none",
        protocol: str = "default",
    ) -> None:
        self._control, self._limit, self.protocol = control, limit, protocol
        self._reader = "original" if protocol == "paper" else "grammar"
        self._examples = CorpusExamples(folders, _is_grounded, limit)
        self._donor: tuple[str, Record] | None = None  # source of the video asked about, record whose frames are shown

    @property
    def settings(self) -> Mapping[str, Any]:
        """Corpora, control and reading of answers; with foreign frames the limit decides which video is the last."""
        limit = self._limit if self._control == "foreign_frames" else None
        return {**self._examples.settings, "control": self._control, "limit": limit, "answers": self._reader}

    def examples(self) -> CorpusExamples:
        """Returns the questions."""
        return self._examples

    def prompt(self, example: CorpusExample) -> VideoQuestion:
        """Returns a question about a video.

        Raises:
          UserError: the record has no question with a true window, or the window is beyond the video.
        """
        known, windows = example.annotations, example.spans
        if not (windows and example.turn.question and _is_grounded(known, example.turn_number)):
            raise UserError(f"record {known.id} has no question with a true span; evaluate a corpus that has them")
        fit_windows(windows, known.length, example.corpus.on_bad_span)
        frames_of = self._other_videos(example) if self._control == "foreign_frames" else None
        form = FORM_OF_TASK.get(known.task, FREE)
        rescale = self._control == "rescaled_stamps"
        return VideoQuestion(example.record, example.turn, frames_of, rescale=rescale, form=form)

    def read(self, answer: VideoAnswer, example: CorpusExample) -> GroundingPrediction:
        """Parses the spans of an answer."""
        known, scale = example.annotations, answer.time_scale
        windows = fit_windows(example.spans, known.length, example.corpus.on_bad_span)
        spans = READERS[self._reader](answer.text, answer.duration)
        return GroundingPrediction(
            example.prediction_id,
            example.source,
            example.turn.question,
            answer.text,
            spans,
            tuple((start * scale, end * scale) for start, end in windows),
            answer.duration,
            clip_start=scale * known.clip[0] if known.clip else 0.0,
            frames=answer.frames,
            confidences=answer.confidence.of_spans(spans),
            happens=answer.confidence.happens,
        )

    def score(self, predictions: Sequence[GroundingPrediction]) -> Scores:
        """Scores the spans of answers; confidence intervals are over videos, and round numbers are counted."""
        table = span_table(predictions)
        return Scores(
            table,
            [prediction.source for prediction in predictions],
            unit="videos",
            details={"questions_without_span": self._examples.unused, **span_details(predictions, table)},
        )

    def _other_videos(self, example: CorpusExample) -> Iterator[Record]:
        """Records of other videos, from the next one on; after the last record comes the first.

        The one that was used last comes first as long as the video is the same: it need not be read again.
        """
        own, count = example.source, len(self._examples)
        if self._donor is not None and self._donor[0] == own:
            yield self._donor[1]
        tried = {own}  # a video with several questions is offered once
        for offset in range(1, count):
            other = self._examples[(example.place + offset) % count]
            try:
                if other.source in tried:
                    continue
                tried.add(other.source)
                record = other.record
            except UserError:  # reported as a dropped example of its own
                continue
            self._donor = own, record
            yield record


def _is_grounded(record: Record, turn: int) -> bool:
    """Whether a question has a true window and its answer names spans."""
    return bool(record.spans_of(turn)) and not (record.task in TASKS and TASKS[record.task].times == "moments")
