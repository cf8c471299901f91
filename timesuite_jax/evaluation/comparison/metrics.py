"""Metrics of two results, with a paired test of each that has values by example."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.comparison.pairs import Pair
from timesuite_jax.evaluation.comparison.result_file import ResultFile
from timesuite_jax.evaluation.main_metric import main_metric
from timesuite_jax.metrics.paired import PairedDifference, paired_difference
from timesuite_jax.suggestions import did_you_mean


@dataclass(frozen=True)
class MetricComparison:
    """A metric.

    Attributes:
      name: of the metric.
      a: value of the first result.
      b: of the second.
      paired: on the examples in common; None where values by example are not recorded.
    """

    name: str
    a: float
    b: float
    paired: PairedDifference | None

    def as_json(self) -> dict[str, Any]:
        """Returns the metric as JSON values."""
        paired = None if self.paired is None else vars(self.paired)
        return {"a": self.a, "b": self.b, "difference": self.b - self.a, "paired": paired}


def compare_metrics(a: ResultFile, b: ResultFile, pairs: Sequence[Pair]) -> dict[str, MetricComparison]:
    """Returns the metrics that both results have, by name.

    Raises:
      UserError: they have none in common.
    """
    names = [name for name in a.metrics if name in b.metrics]
    if not names:
        raise UserError(
            f"{a.path} and {b.path} have no metric in common ({', '.join(list(a.metrics)[:4]) or 'none'}; "
            f"{', '.join(list(b.metrics)[:4]) or 'none'}); compare results of the same benchmark"
        )
    return {name: MetricComparison(name, a.metrics[name], b.metrics[name], _paired(name, pairs)) for name in names}


def choose_metric(metrics: Mapping[str, MetricComparison], name: str | None) -> str:
    """Returns the metric by which changed examples are ordered.

    Args:
      metrics: that both results have.
      name: of the user's choice; None for the main one of the benchmark.

    Raises:
      UserError: there is no such metric.
    """
    if name is None:
        return main_metric(metrics)
    if name not in metrics:
        hint = did_you_mean(name, list(metrics))
        raise UserError(
            f"both results have no metric {name!r}{f', {hint}' if hint else ''}; choose one of {', '.join(metrics)}"
        )
    return name


def _paired(name: str, pairs: Sequence[Pair]) -> PairedDifference | None:
    values = np.array([[one.scores.get(name, np.nan) for one in (pair.a, pair.b)] for pair in pairs]).reshape(-1, 2)
    known = np.flatnonzero(~np.isnan(values).any(axis=1))
    if not known.size:
        return None
    groups = [str(pairs[place].a.group) for place in known.tolist()]
    return paired_difference(values[known, 0], values[known, 1], groups)
