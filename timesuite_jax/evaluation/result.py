"""The result of a benchmark: predictions, scores, and everything that decides them, as stored in `result.json`."""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic

from timesuite_jax.evaluation.benchmark import PredictionT
from timesuite_jax.evaluation.scores import Scores
from timesuite_jax.json_text import finite

COUNTS = ("n", "dropped")  # metrics of every result: examples that are scored, and that are not
FORMAT = 2  # of result files; in files without a number, settings and examples are incomplete


@dataclasses.dataclass(frozen=True)
class DroppedExample:
    """An example that could not be used, and why."""

    id: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Result(Generic[PredictionT]):
    """A scored benchmark.

    Attributes:
      predictions: by example id, in the order of the examples.
      dropped: examples that are not scored; a score with some of them is over fewer examples than the benchmark has.
      scores: of the predictions.
      settings: everything that decides the score, as JSON values.
      inputs: what the model was shown for each example, as JSON values by example id; see `DescribesInputs`.
    """

    predictions: Mapping[str, PredictionT]
    dropped: Sequence[DroppedExample]
    scores: Scores
    settings: Mapping[str, Any]
    inputs: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)

    def metrics(self) -> dict[str, float]:
        """Returns the benchmark's metrics and `COUNTS`."""
        counts = dict(zip(COUNTS, (len(self.predictions), len(self.dropped)), strict=True))
        return {**self.scores.metrics(), **{name: float(count) for name, count in counts.items()}}

    def shown_name(self, metric: str) -> str:
        """Returns the name of a metric in reports; it contains what the metric is over if that is less than usual."""
        whole = not self.scores.coverage or metric in COUNTS
        return metric if whole else f"{metric} ({self.scores.coverage})"

    def as_json(self) -> dict[str, Any]:
        """Returns the result as JSON values; None for numbers not finite."""
        found = self.scores.intervals().items()
        intervals = {self.shown_name(name): [interval.low, interval.high] for name, interval in found}
        values = {
            **{self.shown_name(name): value for name, value in self.metrics().items()},
            "intervals_95": intervals,
            "intervals_over": {"unit": self.scores.unit, "count": self.scores.group_count},
            **self.scores.details,
            "dropped_examples": {dropped.id: dropped.reason for dropped in self.dropped},
            "settings": dict(self.settings),
            "format": FORMAT,
            "examples": list(self._examples()),
        }
        return {name: finite(value) for name, value in values.items()}

    def _examples(self) -> Iterator[dict[str, Any]]:
        """Yields each example with its cluster, values of metrics, prediction and input."""
        columns = {name: values.tolist() for name, values in self.scores.per_example.items()}
        if len(self.scores.groups) != len(self.predictions):
            return  # units of the scores that are not examples, such as the queries of a retrieval
        for place, (id, prediction) in enumerate(self.predictions.items()):
            yield {
                "id": id,
                "group": self.scores.groups[place],
                "scores": {name: values[place] for name, values in columns.items()},
                "prediction": _prediction_json(prediction),
                **({"input": dict(self.inputs[id])} if id in self.inputs else {}),
            }


def result_text(result: Mapping[str, Any]) -> str:
    """Returns the content of a result file: indented, but with one example a line.

    Args:
      result: of `Result.as_json`.
    """
    rest = json.dumps({name: value for name, value in result.items() if name != "examples"}, indent=1)
    lines = ",\n".join(f"  {json.dumps(example)}" for example in result["examples"])
    return rest.removesuffix("\n}") + f',\n "examples": [\n{lines}\n ]\n}}\n'


def _prediction_json(prediction: Any) -> dict[str, Any]:
    """The fields of a prediction; those of `submission` where its fields are more than JSON represents."""
    submission = getattr(prediction, "submission", None)
    return dataclasses.asdict(prediction) if submission is None else submission()
