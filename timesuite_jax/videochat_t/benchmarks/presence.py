"""Grounding with events that do not happen: does the model notice when there is nothing to find?"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from timesuite_jax.data.corpora import Record
from timesuite_jax.data.timepro import TASKS
from timesuite_jax.data.timepro.source_entry import GroundedQuery
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Benchmark, Scores
from timesuite_jax.evaluation.calibration import calibration_report
from timesuite_jax.text import denies_event, parse_spans
from timesuite_jax.videochat_t.answering.answer_forms import FORM_OF_TASK, FREE
from timesuite_jax.videochat_t.answering.predictor import VideoAnswer, VideoQuestion
from timesuite_jax.videochat_t.benchmarks.corpus_examples import CorpusExample, CorpusExamples


@dataclasses.dataclass(frozen=True)
class PresenceAnswer:
    """A question for the time of an event, with what the model answered.

    Attributes:
      id: of the record, with the index of the question if the record has several.
      source: name of the video, or of the record if it has none.
      question: the question.
      answer: text of the model.
      happens: whether the video shows the event.
      found: whether the answer names a time, states that there is none, or does neither.
      probability: that the event happens, as the model's tokens have it; None for a free answer.
    """

    id: str
    source: str
    question: str
    answer: str
    happens: bool
    found: Literal["time", "absent", "neither"]
    probability: float | None = None


class PresenceBenchmark(Benchmark[CorpusExample, VideoQuestion, VideoAnswer, PresenceAnswer]):
    """All questions for the time of an event of which it is known whether it happens.

    It does if there is a true window, and does not if there is none and the annotated answer denies the event. Answers
    that neither name a time nor deny the event are wrong.

    Args:
      folders: corpora.
      limit: records of each corpus, from the first; None for all.
      protocol: how inputs are made; answers are read in the same way under each.

    Raises:
      UserError: a corpus is missing or damaged.
    """

    name = "presence"
    metric_names = ("presence_accuracy", "absent_recall", "present_recall")
    prediction_type = PresenceAnswer
    protocols = ("default", "paper")

    def __init__(self, folders: Sequence[str], *, limit: int | None = None, protocol: str = "default") -> None:
        self.protocol = protocol
        self._examples = CorpusExamples(folders, lambda record, turn: _happens(record, turn) is not None, limit)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The corpora."""
        return self._examples.settings

    def examples(self) -> CorpusExamples:
        """Returns the questions."""
        return self._examples

    def prompt(self, example: CorpusExample) -> VideoQuestion:
        """Returns a question about a video.

        Raises:
          UserError: the record has no question of which it is known whether its event happens.
        """
        if _happens(example.annotations, example.turn_number) is None:
            raise UserError(
                f"record {example.annotations.id} has no question for the time of an event with a true span, or with "
                "an answer that denies the event; evaluate a corpus that has them"
            )
        return VideoQuestion(example.record, example.turn, form=FORM_OF_TASK.get(example.annotations.task, FREE))

    def read(self, answer: VideoAnswer, example: CorpusExample) -> PresenceAnswer:
        """Reads whether the answer names a time or denies the event."""
        found = "time" if parse_spans(answer.text, duration=answer.duration) else "neither"
        if found == "neither" and denies_event(answer.text):
            found = "absent"
        happens = bool(_happens(example.annotations, example.turn_number))
        return PresenceAnswer(
            example.prediction_id,
            example.source,
            example.turn.question,
            answer.text,
            happens,
            found,
            answer.confidence.happens,
        )

    def score(self, predictions: Sequence[PresenceAnswer]) -> Scores:
        """Scores all questions, those whose event does not happen, and the others."""
        right = np.array([one.found == ("time" if one.happens else "absent") for one in predictions], np.float64)
        happens = np.array([one.happens for one in predictions])
        known = [number for number, one in enumerate(predictions) if one.probability is not None]
        calibration = {}
        if known:  # of constrained answers
            probabilities = np.array([predictions[number].probability for number in known], np.float64)
            sources = [predictions[number].source for number in known]
            calibration = {"calibration": calibration_report(probabilities, happens[known], sources)}
        return Scores(
            {
                "presence_accuracy": right,
                "absent_recall": np.where(happens, np.nan, right),
                "present_recall": np.where(happens, right, np.nan),
            },
            groups=[one.source for one in predictions],
            unit="videos",
            details={
                "events_that_happen": int(happens.sum()),
                "events_that_do_not": int((~happens).sum()),
                "questions_not_used": self._examples.unused,
                **calibration,
            },
        )


def _happens(record: Record, turn: int) -> bool | None:
    """Whether the event of a question happens; None if that is unknown, or the question is not about an event."""
    if record.task not in TASKS or TASKS[record.task].content is not GroundedQuery or not record.turns[turn].question:
        return None
    if record.spans_of(turn):
        return True
    answer = record.turns[turn].answer or ""
    return False if denies_event(answer) and not parse_spans(answer) else None
