"""Questions with true windows, and their predicted ones."""

from collections.abc import Iterable

from timesuite_jax.evaluation.file_scores.request import ScoreRequest
from timesuite_jax.evaluation.file_scores.result import choose_questions
from timesuite_jax.evaluation.prediction_files.grounding_predictions import read_predicted_windows
from timesuite_jax.evaluation.prediction_files.grounding_truth import TrueWindows, read_true_windows
from timesuite_jax.evaluation.prediction_files.predicted_windows import PredictedWindows
from timesuite_jax.evaluation.prediction_files.question_keys import video_name
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit

NOTHING = PredictedWindows(())


def read_grounded(
    request: ScoreRequest,
) -> tuple[list[TrueWindows], list[PredictedWindows], list[ScoredUnit], list[str], list[str]]:
    """Returns questions, predicted windows and units in the same order, ids without prediction, unknown predictions."""
    truths = read_true_windows(request.truth)
    found, unknown = read_predicted_windows(request.predictions, truths)
    chosen, missing = choose_questions(request, (truth.id for truth in truths), found)
    scored = [truth for truth in truths if truth.id in chosen]
    units = [
        ScoredUnit(
            truth.id,
            video_name(truth.video),
            truth.duration,
            sum(end - start for start, end in truth.windows),
            sum(truth.windows[0]) / 2,
            found[truth.id].windows if truth.id in found else None,
            truth.windows,
        )
        for truth in scored
    ]
    return scored, [found.get(truth.id, NOTHING) for truth in scored], units, missing, unknown


def count_reversed(predicted: Iterable[PredictedWindows]) -> int:
    """Returns how many predicted windows end before they start; such a window overlaps nothing in any metric."""
    return sum(window[1] < window[0] for one in predicted for window in one.windows)
