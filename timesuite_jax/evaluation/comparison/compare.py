"""Compares two results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from timesuite_jax.evaluation.comparison.causes import Cause, find_causes
from timesuite_jax.evaluation.comparison.changed import ChangedExample, changed_examples
from timesuite_jax.evaluation.comparison.evidence import Evidence, collect_evidence
from timesuite_jax.evaluation.comparison.metrics import MetricComparison, choose_metric, compare_metrics
from timesuite_jax.evaluation.comparison.pairs import Pairing, field_of, pair_examples
from timesuite_jax.evaluation.comparison.parts import split_difference
from timesuite_jax.evaluation.comparison.result_file import ResultFile
from timesuite_jax.evaluation.comparison.settings import diff_settings
from timesuite_jax.json_text import finite


@dataclass(frozen=True)
class Comparison:
    """Why two scores differ.

    Attributes:
      a: the first result.
      b: the second one.
      metric: name of the metric that `parts` and `changed` are about.
      metrics: all metrics that both results have.
      causes: the most important first; none if nothing that decides a score differs.
      parts: of the difference of the metric, see `parts.split_difference`.
      pairing: examples in both, and in one only.
      evidence: what the examples show.
      changed: examples with the largest changes.
      not_recorded: what the first, and the second, result does not record.
    """

    a: ResultFile
    b: ResultFile
    metric: str
    metrics: Mapping[str, MetricComparison]
    causes: Sequence[Cause]
    parts: Mapping[str, float]
    pairing: Pairing
    evidence: Evidence
    changed: Sequence[ChangedExample]
    not_recorded: tuple[Sequence[str], Sequence[str]]

    def as_json(self) -> dict[str, Any]:
        """Returns the comparison as JSON values."""
        return finite(
            {
                "a": str(self.a.path),
                "b": str(self.b.path),
                "metric": self.metric,
                "causes": [cause.as_json() for cause in self.causes],
                "parts_of_difference": dict(self.parts),
                "metrics": {name: each.as_json() for name, each in self.metrics.items()},
                "questions": {
                    "in_both": len(self.pairing.pairs),
                    "only_in_a": [one.id for one in self.pairing.only_a],
                    "only_in_b": [one.id for one in self.pairing.only_b],
                    **self.evidence.consequences,
                },
                "changed_examples": [example.as_json() for example in self.changed],
                "not_recorded": {"a": list(self.not_recorded[0]), "b": list(self.not_recorded[1])},
            }
        )


def compare(a: ResultFile, b: ResultFile, *, metric: str | None = None, examples: int = 10) -> Comparison:
    """Finds why two scores differ.

    Args:
      a: a result.
      b: another one; differences are b - a.
      metric: by which examples are ordered; the main one of the benchmark if not given.
      examples: number of changed examples.

    Raises:
      UserError: the results have no metric in common, or not this one.
    """
    settings = diff_settings(a, b)
    other_questions = settings.changes.keys() & {"benchmark", "corpora"}
    pairing = pair_examples(a, b, same_questions=not other_questions)
    metrics = compare_metrics(a, b, pairing.pairs)
    chosen = choose_metric(metrics, metric)
    evidence = collect_evidence(a, b, pairing, settings.changes)
    parts = split_difference(a, b, pairing.pairs, chosen)
    causes = find_causes(a, b, settings.changes, evidence, parts)
    changed = changed_examples(pairing.pairs, chosen, examples)
    unknown = tuple(_unknown(of, names) for of, names in zip((a, b), settings.not_recorded, strict=True))
    return Comparison(a, b, chosen, metrics, causes, parts, pairing, evidence, changed, (unknown[0], unknown[1]))


def _unknown(of: ResultFile, names: Sequence[str]) -> list[str]:
    """What a result does not record: kinds of settings, and scores, answers and inputs by example."""
    examples = of.examples.values()
    scores = [] if any(one.scores for one in examples) else ["scores of each question"]
    answers = [] if any(field_of(one) is not None for one in examples) else ["answers of each question"]
    shown = [] if any(one.shown is not None for one in examples) else ["frames and prompt of each question"]
    return [*names, *scores, *answers, *shown]
