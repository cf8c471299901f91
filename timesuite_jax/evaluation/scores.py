"""Scores of a benchmark: metrics with their values by example, so that confidence intervals can be computed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from timesuite_jax.metrics import Interval, bootstrap


@dataclass(frozen=True)
class Scores:
    """Metrics of N scored units: questions, queries of a retrieval, captions.

    Attributes:
      per_example: values by metric; a metric is the mean of its values. NaN excludes a unit from one metric, e.g. from
        the accuracies of the other categories.
      groups: cluster of each unit, e.g. its video: questions about one video are not independent, so that the bootstrap
        draws whole clusters.
      unit: what the clusters are, in the plural, e.g. "videos".
      aggregates: metrics that are not means over units, e.g. a mean of category accuracies; without intervals.
      details: JSON values to report beside the metrics, e.g. a histogram.
      coverage: what the metrics are over if that is less than the whole benchmark, for their names in reports.
    """

    per_example: Mapping[str, Float[np.ndarray, " N"]]
    groups: Sequence[str]
    unit: str = "groups"
    aggregates: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    coverage: str = ""

    def __post_init__(self) -> None:
        lengths = {name: len(values) for name, values in self.per_example.items()}
        if any(length != len(self.groups) for length in lengths.values()):
            raise ValueError(f"columns of lengths {lengths} for {len(self.groups)} groups; give one value for each")

    def metrics(self) -> dict[str, float]:
        """Returns all metrics by name; NaN for one that no unit counts for."""
        means = {}
        for name, values in self.per_example.items():
            counted = values[~np.isnan(values)]
            means[name] = float(counted.mean()) if counted.size else float("nan")
        return {**means, **self.aggregates}

    @property
    def group_count(self) -> int:
        """Number of clusters that the bootstrap draws from."""
        return len(set(self.groups))

    def intervals(self) -> dict[str, Interval]:
        """Returns the 95 % confidence intervals of `per_example`'s means, from a bootstrap over clusters."""
        by_units: dict[bytes, list[str]] = defaultdict(list)  # metrics of the same units share their draws
        for name, values in self.per_example.items():
            by_units[np.isnan(values).tobytes()].append(name)
        found = {}
        for excluded, names in by_units.items():
            units = np.flatnonzero(~np.frombuffer(excluded, bool))
            if units.size:
                columns = {name: self.per_example[name][units] for name in names}
                found |= bootstrap(columns, groups=[self.groups[unit] for unit in units.tolist()])
        return {name: found[name] for name in self.per_example if name in found}
