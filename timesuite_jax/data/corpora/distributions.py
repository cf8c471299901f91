"""Summaries of the numbers that describe a corpus."""

from collections.abc import Sequence

import numpy as np

PERCENTILES = (0, 5, 25, 50, 75, 95, 100)
_BINS = 10
_GRIDS_S = (60.0, 30.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.1, 0.01)  # coarsest first
_ON_GRID = 0.99  # share of the values; the last second of a video is rarely on the grid of its annotations
_TOLERANCE_S = 1e-3  # records store times as float32


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Returns the percentiles of values by name: "p0" is the smallest, "p100" the largest; empty without values."""
    if not len(values):
        return {}
    found = np.percentile(np.asarray(values, np.float64), PERCENTILES)
    return {f"p{percent}": round(float(value), 4) for percent, value in zip(PERCENTILES, found, strict=True)}


def histogram(shares: Sequence[float]) -> list[int]:
    """Counts values between 0 and 1 in ten equal bins; values beyond them belong to the first or the last."""
    bins = np.clip(np.floor(np.asarray(shares, np.float64) * _BINS).astype(np.int64), 0, _BINS - 1)
    return np.bincount(bins, minlength=_BINS).tolist()


def time_grid(seconds: Sequence[float]) -> float | None:
    """Returns the coarsest step, in seconds, of which nearly all times are multiples; None if there is none.

    Annotations in chunks of five seconds, or rounded to whole ones, limit the IoU that a model can reach.
    """
    values = np.asarray(seconds, np.float64)
    if not len(values):
        return None
    for step in _GRIDS_S:
        distance = np.abs(values - step * np.round(values / step))
        if np.mean(distance < _TOLERANCE_S) >= _ON_GRID:
            return step
    return None
