"""Statistics of the records of a corpus: tasks, lengths, questions and true spans."""

from collections import Counter
from typing import Any

from timesuite_jax.data.corpora.distributions import histogram, percentiles, time_grid
from timesuite_jax.data.corpora.record import Record


class CorpusStats:
    """Statistics of the records that were added, for one corpus or several; needs no media of the records."""

    def __init__(self) -> None:
        self._tasks: Counter[str] = Counter()
        self._lengths: list[float] = []
        self._questions: list[int] = []
        self._answers: list[int] = []
        self._spans_of_question: Counter[int] = Counter()
        self._edges: list[float] = []
        self._span_lengths: list[float] = []
        self._span_shares: list[float] = []
        self._span_centers: list[float] = []

    def add(self, record: Record) -> None:
        """Adds a record."""
        self._tasks[record.task] += 1
        self._lengths.append(record.length)
        self._questions.append(len(record.turns))
        for number, turn in enumerate(record.turns):
            self._answers.append(len(turn.answer or ""))
            self._spans_of_question[len(record.spans_of(number))] += 1
        for start, end in record.spans:
            self._edges += (start, end)
            self._span_lengths.append(end - start)
            if record.length > 0:
                self._span_shares.append((end - start) / record.length)
                self._span_centers.append((start + end) / 2 / record.length)

    def as_json(self) -> dict[str, Any]:
        """The statistics as JSON; times are in seconds.

        `spans.center` and `spans.share` are histograms over ten equal parts of the video; `spans.grid_s` is the step
        that nearly all starts and ends are multiples of.
        """
        return {
            "records": len(self._lengths),
            "hours": round(sum(self._lengths) / 3600, 4),
            "tasks": dict(sorted(self._tasks.items())),
            "length_s": percentiles(self._lengths),
            "questions": sum(self._questions),
            "questions_per_record": percentiles(self._questions),
            "answer_characters": percentiles(self._answers),
            "spans": {
                "count": len(self._span_lengths),
                "per_question": {str(count): n for count, n in sorted(self._spans_of_question.items())},
                "length_s": percentiles(self._span_lengths),
                "share": histogram(self._span_shares),
                "center": histogram(self._span_centers),
                "grid_s": time_grid(self._edges),
            },
        }
