"""How far probabilities can be trusted: AUROC, calibration before and after temperature scaling, risk and coverage."""

from collections.abc import Sequence
from typing import Any, Literal
from zlib import crc32

import numpy as np
from jaxtyping import Bool, Float

from timesuite_jax.metrics.calibration import (
    auroc,
    calibration_error,
    fit_temperature,
    risk_coverage,
    scale_temperature,
)

Confidence = Literal["happens", "confidences"]
"""What is calibrated: the probability that an event happens, or that a span is right."""

_PARTS = 10  # of the curve of risk and coverage, and of the range of probabilities


def calibration_report(
    probabilities: Float[np.ndarray, " N"],
    outcomes: Bool[np.ndarray, " N"],
    groups: Sequence[str],
    *,
    of: Confidence = "happens",
) -> dict[str, Any]:
    """Returns the calibration of probabilities as JSON values.

    Groups (videos) are halved by a checksum of their names. The temperature of each half is fitted on the other one, so
    that `ece` is of examples that it was not fitted on; `temperature` is fitted on all, for later answers.

    Args:
      probabilities: of the outcome True, at the temperature with which they were answered.
      outcomes: what was the case.
      groups: of each example.
      of: what the probabilities are; with "happens" a low one is a decision, too, with "confidences" it is a doubt.

    Returns:
      `of`, `n`, `auroc`, `ece_as_answered`, `temperature`, and if both halves have examples `ece`, `reliability` (by
      range of probabilities their mean, the frequency of the outcome, and the number of examples) and
      `risk_at_coverage`: the share of wrong answers among the surest 10, 20, ..., 100 %.
    """
    half = np.array([crc32(group.encode()) % 2 for group in groups], bool)
    report: dict[str, Any] = {
        "of": of,
        "n": len(outcomes),
        "auroc": auroc(probabilities, outcomes),
        "ece_as_answered": calibration_error(probabilities, outcomes),
        "temperature": fit_temperature(probabilities, outcomes),
    }
    if half.all() or not half.any():
        return report
    scaled = np.empty_like(probabilities)
    for part in (half, ~half):
        scaled[part] = scale_temperature(probabilities[part], fit_temperature(probabilities[~part], outcomes[~part]))
    decides = of == "happens"
    sure, right = (np.maximum(scaled, 1 - scaled), (scaled >= 0.5) == outcomes) if decides else (scaled, outcomes)
    coverage, risk = risk_coverage(sure, right)
    shares = [(part + 1) / _PARTS for part in range(_PARTS)]
    places = [min(int(np.searchsorted(coverage, share - 1e-9)), len(risk) - 1) for share in shares]
    return {
        **report,
        "ece": calibration_error(scaled, outcomes),
        "reliability": _reliability(scaled, outcomes),
        "risk_at_coverage": {f"{share:.0%}": float(risk[place]) for share, place in zip(shares, places, strict=True)},
    }


def _reliability(
    probabilities: Float[np.ndarray, " N"], outcomes: Bool[np.ndarray, " N"]
) -> dict[str, dict[str, float]]:
    bins = np.minimum((probabilities * _PARTS).astype(int), _PARTS - 1)
    found = {}
    for number in np.unique(bins):
        inside = bins == number
        values = {"probability": float(probabilities[inside].mean()), "frequency": float(outcomes[inside].mean())}
        found[f"{number / _PARTS:.1f} to {(number + 1) / _PARTS:.1f}"] = {"n": int(inside.sum()), **values}
    return found
