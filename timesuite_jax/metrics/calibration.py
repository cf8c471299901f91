"""Calibration of probabilities of a yes or no: temperature scaling, expected calibration error, AUROC, risk-coverage.

Temperature scaling as in arXiv:1706.04599, for two classes: the logit of a probability is divided by one number, which
minimises the negative log likelihood on held-out data. It changes no order, so that AUROC stays.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import rankdata

_MARGIN = 1e-6  # of probabilities from 0 and 1, whose logits are infinite
_RANGE = (-5.0, 5.0)  # natural logarithm of a temperature


def scale_temperature(probabilities: Float[np.ndarray, " N"], temperature: float) -> Float[np.ndarray, " N"]:
    """Returns the probabilities at a temperature; above 1 they come closer to a half."""
    return expit(logit(np.clip(probabilities, _MARGIN, 1 - _MARGIN)) / temperature)


def fit_temperature(probabilities: Float[np.ndarray, " N"], outcomes: Bool[np.ndarray, " N"]) -> float:
    """Returns the temperature that makes held-out outcomes most likely, between e^-5 and e^5.

    Outcomes count as Platt's targets, (n + 1) / (n + 2) and 1 / (n + 2) of n examples with the outcome, not as 1 and 0
    ("Probabilistic outputs for support vector machines", 1999, section 2.2): where all predictions are on the right
    side, the most likely temperature would be 0, and the first wrong one be certain.

    Args:
      probabilities: predicted, of the outcome True.
      outcomes: what was the case, of at least one example.
    """
    true = int(outcomes.sum())
    targets = np.where(outcomes, (true + 1) / (true + 2), 1 / (len(outcomes) - true + 2))

    def loss(log_temperature: float) -> float:
        scaled = scale_temperature(probabilities, float(np.exp(log_temperature)))
        scaled = np.clip(scaled, _MARGIN, 1 - _MARGIN)
        return -float(np.mean(targets * np.log(scaled) + (1 - targets) * np.log1p(-scaled)))

    found: Any = minimize_scalar(loss, bounds=_RANGE, method="bounded")
    return float(np.exp(found.x))


def calibration_error(
    probabilities: Float[np.ndarray, " N"], outcomes: Bool[np.ndarray, " N"], bins: int = 10
) -> float:
    """Returns the expected calibration error: the mean distance of probability and frequency in bins of one width."""
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = np.bincount(places, weights=probabilities - outcomes, minlength=bins)
    return float(np.abs(gaps).sum() / len(probabilities))


def auroc(probabilities: Float[np.ndarray, " N"], outcomes: Bool[np.ndarray, " N"]) -> float:
    """Returns the area under the ROC curve: how often True exceeds False, ties half; NaN without both."""
    true = int(outcomes.sum())
    if not 0 < true < len(outcomes):
        return float("nan")
    ranks = rankdata(probabilities)[outcomes].sum()
    return float((ranks - true * (true + 1) / 2) / (true * (len(outcomes) - true)))


def risk_coverage(
    confidences: Float[np.ndarray, " N"], right: Bool[np.ndarray, " N"]
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
    """Returns the risk-coverage curve: the share of wrong answers among the most confident ones.

    Args:
      confidences: of answers.
      right: whether each is right.

    Returns:
      Coverage 1/N, 2/N, ..., 1, and the risk at each; answers of one confidence count alike.
    """
    order = np.argsort(-confidences, kind="stable")
    sorted_confidences, wrong = confidences[order], 1.0 - right[order]
    _, first, counts = np.unique(-sorted_confidences, return_index=True, return_counts=True)
    means = np.add.reduceat(wrong, first) / counts
    risk = np.cumsum(np.repeat(means, counts)) / np.arange(1, len(wrong) + 1)
    return np.arange(1, len(wrong) + 1) / len(wrong), risk
