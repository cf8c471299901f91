"""Scores multiple choice: accuracy."""

import numpy as np

from timesuite_jax.evaluation.file_scores.request import ScoreRequest
from timesuite_jax.evaluation.file_scores.result import choose_questions, make_result
from timesuite_jax.evaluation.prediction_files.choices import read_choices
from timesuite_jax.evaluation.prediction_files.question_keys import video_name
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.evaluation.result import Result


def score_choices(request: ScoreRequest) -> Result[ScoredUnit]:
    """Compares the letters that answers choose."""
    choices, unknown = read_choices(request.predictions, request.truth)
    chosen, missing = choose_questions(
        request, (choice.id for choice in choices), (choice.id for choice in choices if choice.answered)
    )
    scored = [choice for choice in choices if choice.id in chosen]
    table = {
        "accuracy": np.array([choice.predicted == choice.truth for choice in scored], np.float64),
        "parse_failures": np.array([choice.predicted is None for choice in scored], np.float64),
    }
    units = [
        ScoredUnit(choice.id, video_name(choice.video), choice.duration, answer=choice.predicted, truth=choice.truth)
        for choice in scored
    ]
    counts: dict[str, int] = {}
    for choice in scored:
        counts[choice.predicted or "none"] = counts.get(choice.predicted or "none", 0) + 1
    details = {"chosen_letters": dict(sorted(counts.items()))}
    return make_result(request, table, units, missing=missing, unknown=unknown, details=details)
