"""Scores moment retrieval by the official evaluation of QVHighlights."""

import numpy as np

from timesuite_jax.evaluation.breakdown import round_numbers
from timesuite_jax.evaluation.file_scores.grounded import read_grounded
from timesuite_jax.evaluation.file_scores.request import ScoreRequest
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.evaluation.result import Result
from timesuite_jax.metrics.qvhighlights import BRIEF, qvhighlights_moment_table


def score_moments(request: ScoreRequest) -> Result[ScoredUnit]:
    """Scores all windows of each query; means at every threshold are in the details."""
    found = read_grounded(request)
    truths, predicted = found.truths, found.predicted
    columns = qvhighlights_moment_table([one.windows for one in predicted], [truth.windows for truth in truths])
    table = {name: columns[name] for name in BRIEF}
    table["parse_failures"] = np.array([not one.windows and not one.absent for one in predicted], np.float64)
    spans = [window for one in predicted for window in one.windows]
    means = {name: float(np.nanmean(values)) for name, values in columns.items() if not np.isnan(values).all()}
    details = {
        "all_thresholds": means,
        "round_numbers": round_numbers(spans),
        "round_numbers_of_truth": round_numbers([window for truth in truths for window in truth.windows]),
    }
    return found.result(request, table, details)
