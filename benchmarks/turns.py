"""Repetitions of one task by turns on both sides, and whether both computed the same."""

import dataclasses
import math
import statistics
from typing import Any

from rival import Rival


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Seconds of one task: least and median of each side."""

    task: str
    ours_min: float
    ours_median: float
    torch_min: float
    torch_median: float
    ours_cpu_min: float  # of all threads
    torch_cpu_min: float
    target: float | None  # that `ratio` must reach

    @property
    def ratio(self) -> float:
        """How many times faster we are, by the least disturbed repetition of each."""
        return self.torch_min / self.ours_min

    def as_dict(self) -> dict[str, Any]:
        """For a program to read."""
        return dataclasses.asdict(self) | {"ratio": self.ratio}


def agree(ours: Any, theirs: Any, tolerance: float) -> bool:
    """Whether both sides computed the same: numbers to `tolerance` of their size, all else exactly."""
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(agree(*pair, tolerance) for pair in zip(ours, theirs, strict=True))
    if isinstance(ours, float):
        return math.isclose(ours, theirs, rel_tol=tolerance)
    return ours == theirs


def compare(
    ours: Rival,
    theirs: Rival,
    task: str,
    repeats: int,
    *,
    target: float | None = None,
    tolerance: float | None = 1e-4,
) -> Comparison:
    """Alternates `repeats` repetitions of each side, after one of each that does not count.

    Raises:
      ValueError: if the sides come to different results (`tolerance=None` does not ask).
    """
    first, second = ours.run(task), theirs.run(task)  # compiles
    if tolerance is not None and not agree(first.value, second.value, tolerance):
        raise ValueError(f"{task}: ours gave {first.value}, PyTorch {second.value}; the comparison would be unfair")
    pairs = [(ours.run(task), theirs.run(task)) for _ in range(repeats)]
    walls = [[pair[side].wall for pair in pairs] for side in (0, 1)]
    medians = [statistics.median(side) for side in walls]
    cpu = [min(pair[side].cpu for pair in pairs) for side in (0, 1)]
    return Comparison(task, min(walls[0]), medians[0], min(walls[1]), medians[1], *cpu, target)
