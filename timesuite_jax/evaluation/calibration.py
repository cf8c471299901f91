"""How far probabilities can be trusted: AUROC, calibration before and after temperature scaling, risk and coverage."""

from collections.abc import Sequence
from typing import Any
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

_COVERAGES = (0.25, 0.5, 0.75, 1.0)


def calibration_report(
    probabilities: Float[np.ndarray, " N"], outcomes: Bool[np.ndarray, " N"], groups: Sequence[str]
) -> dict[str, Any]:
    """Returns the calibration of probabilities as JSON values.

    Groups (videos) are halved by a checksum of their names. The temperature of each half is fitted on the other one, so
    that `ece` is of examples that it was not fitted on; `temperature` is fitted on all, for later answers.

    Args:
      probabilities: of the outcome True.
      outcomes: what was the case.
      groups: of each example.

    Returns:
      `n`, `auroc`, `ece_uncalibrated`, `temperature`, and if both halves have examples `ece` and `risk_at_coverage`:
      the share of wrong decisions among the surest 25, 50, 75 and 100 %.
    """
    half = np.array([crc32(group.encode()) % 2 for group in groups], bool)
    report: dict[str, Any] = {
        "n": len(outcomes),
        "auroc": auroc(probabilities, outcomes),
        "ece_uncalibrated": calibration_error(probabilities, outcomes),
        "temperature": fit_temperature(probabilities, outcomes),
    }
    if half.all() or not half.any():
        return report
    scaled = np.empty_like(probabilities)
    for part in (half, ~half):
        scaled[part] = scale_temperature(probabilities[part], fit_temperature(probabilities[~part], outcomes[~part]))
    coverage, risk = risk_coverage(np.maximum(scaled, 1 - scaled), (scaled >= 0.5) == outcomes)
    places = [int(np.searchsorted(coverage, part)) for part in _COVERAGES]
    return {
        **report,
        "ece": calibration_error(scaled, outcomes),
        "risk_at_coverage": {f"{part:.0%}": float(risk[place]) for part, place in zip(_COVERAGES, places, strict=True)},
    }
