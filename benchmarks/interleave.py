"""Interleaves repetitions of a task on both sides, and checks that they compute the same."""

import dataclasses
import math
import statistics
from typing import Any

from side_process import SideProcess

from timesuite_jax.progress import track


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Seconds of one task: minimum and median of each side."""

    task: str
    ours_min: float
    ours_median: float
    torch_min: float
    torch_median: float
    ours_cpu_min: float  # over all threads
    torch_cpu_min: float
    target: float | None  # lower bound of `ratio`

    @property
    def ratio(self) -> float:
        """Speed-up over PyTorch, from the fastest repetition of each side."""
        return self.torch_min / self.ours_min

    def as_dict(self) -> dict[str, Any]:
        """Returns all fields and the ratio, for JSON."""
        return dataclasses.asdict(self) | {"ratio": self.ratio}


def agree(ours: Any, theirs: Any, tolerance: float) -> bool:
    """Whether both results agree: floats within a relative `tolerance`, everything else exactly."""
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(agree(*pair, tolerance) for pair in zip(ours, theirs, strict=True))
    if isinstance(ours, float):
        return math.isclose(ours, theirs, rel_tol=tolerance)
    return ours == theirs


def compare(
    ours: SideProcess,
    theirs: SideProcess,
    task: str,
    repeats: int,
    *,
    target: float | None = None,
    tolerance: float | None = 1e-4,
) -> Comparison:
    """Times `repeats` interleaved repetitions of each side, after one warm-up of each.

    Raises:
      ValueError: if the results differ (not checked if `tolerance` is None).
    """
    first, second = (side.run(task) for side in track((ours, theirs), f"{task}: compiling"))
    if tolerance is not None and not agree(first.value, second.value, tolerance):
        raise ValueError(f"{task}: ours returned {first.value}, PyTorch {second.value}; make both compute the same")
    pairs = [(ours.run(task), theirs.run(task)) for _ in track(range(repeats), task)]
    walls = [[pair[side].wall for pair in pairs] for side in (0, 1)]
    medians = [statistics.median(side) for side in walls]
    cpu = [min(pair[side].cpu for pair in pairs) for side in (0, 1)]
    return Comparison(task, min(walls[0]), medians[0], min(walls[1]), medians[1], *cpu, target)
