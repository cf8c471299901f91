"""Scores of parts of the questions, by length of the video, length and position of the true window, and category, and
how many spans begin and end at round numbers.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float

from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.metrics import round_number_fractions

_VIDEO_BINS = (("under 1 min", 60.0), ("1 to 3 min", 180.0), ("3 to 15 min", 900.0), ("over 15 min", np.inf))
_SPAN_BINS = (("up to 10 s", 10.0), ("10 to 30 s", 30.0), ("over 30 s", np.inf))
_STEPS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds, of round numbers
_POSITION_BINS = (("first third", 1 / 3), ("second third", 2 / 3), ("last third", np.inf))


def _position(unit: ScoredUnit) -> float | None:
    return unit.middle / unit.duration if unit.middle is not None and unit.duration else None


_PARTS: Mapping[str, tuple[Callable[[ScoredUnit], float | None], Sequence[tuple[str, float]]]] = {
    "video_length": (lambda unit: unit.duration, _VIDEO_BINS),
    "span_length": (lambda unit: unit.span_length, _SPAN_BINS),
    "position": (_position, _POSITION_BINS),
}


def break_down(
    table: Mapping[str, Float[np.ndarray, " N"]], units: Sequence[ScoredUnit]
) -> dict[str, dict[str, dict[str, float]]]:
    """Returns the number of questions and the mean of each metric by attribute and bin.

    Questions of which the attribute is unknown, and metrics that count none of a bin, are left out.
    """
    result: dict[str, dict[str, dict[str, float]]] = {}
    for attribute, (value_of, bins) in _PARTS.items():
        values = [value_of(unit) for unit in units]
        lowest = -np.inf
        for name, highest in bins:
            inside = np.array([value is not None and lowest < value <= highest for value in values], bool)
            lowest = highest
            if inside.any():
                result.setdefault(attribute, {})[name] = _means(table, inside)
    for name in sorted({category for unit in units for category in unit.categories}):
        inside = np.array([name in unit.categories for unit in units], bool)
        result.setdefault("category", {})[name] = _means(table, inside)
    return result


def _means(table: Mapping[str, Float[np.ndarray, " N"]], inside: Bool[np.ndarray, " N"]) -> dict[str, float]:
    """Number of questions, and the mean of each metric that counts any of them."""
    columns = {metric: column[inside] for metric, column in table.items()}
    means = {metric: float(np.nanmean(column)) for metric, column in columns.items() if not np.isnan(column).all()}
    return {"n": int(inside.sum()), **means}


def round_numbers(spans: Sequence[Sequence[float] | None]) -> dict[str, float]:
    """Returns how many starts and ends are multiples of some steps; models often predict round numbers."""
    return dict(round_number_fractions(spans, _STEPS))
