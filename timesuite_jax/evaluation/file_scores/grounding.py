"""Scores temporal grounding: R@1, mean IoU and set metrics."""

from timesuite_jax.evaluation.breakdown import round_numbers
from timesuite_jax.evaluation.file_scores.grounded import read_grounded
from timesuite_jax.evaluation.file_scores.request import ScoreRequest
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.evaluation.result import Result
from timesuite_jax.metrics import grounding_scores, moment_table


def score_grounding(request: ScoreRequest) -> Result[ScoredUnit]:
    """Scores the first span and all spans of each answer."""
    found = read_grounded(request)
    truths, predicted = found.truths, found.predicted
    spans = [tuple(window[:2] for window in one.windows) for one in predicted]
    windows = [truth.windows for truth in truths]
    first = [one[0] if one else None for one in spans]
    table = grounding_scores(first, windows, [one.absent for one in predicted]).table()
    table |= moment_table(spans, windows)
    details = {
        "round_numbers": round_numbers(first),
        "round_numbers_of_truth": round_numbers([span for each in windows for span in each]),
    }
    return found.result(request, table, details)
