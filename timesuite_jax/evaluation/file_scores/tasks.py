"""The tasks whose files can be scored."""

import dataclasses
from collections.abc import Callable, Mapping

from timesuite_jax import __version__
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.file_scores.choices import score_choices
from timesuite_jax.evaluation.file_scores.dense_captions import score_dense_captions
from timesuite_jax.evaluation.file_scores.grounding import score_grounding
from timesuite_jax.evaluation.file_scores.highlights import score_highlights
from timesuite_jax.evaluation.file_scores.moments import score_moments
from timesuite_jax.evaluation.file_scores.request import ScoreRequest
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.evaluation.result import Result

TASK_SCORERS: Mapping[str, Callable[[ScoreRequest], Result[ScoredUnit]]] = {
    "tvg": score_grounding,
    "mr": score_moments,
    "vhd": score_highlights,
    "dvc": score_dense_captions,
    "choice": score_choices,
}


def score_files(task: str, request: ScoreRequest) -> Result[ScoredUnit]:
    """Scores the predictions of a task; a question without one counts as wrong unless `answered_only`.

    Raises:
      UserError: the task is unknown, a file has none of the known forms, or no prediction belongs to the truth.
    """
    if task not in TASK_SCORERS:
        raise UserError(f"unknown task {task!r}; choose one of {', '.join(TASK_SCORERS)}")
    result = TASK_SCORERS[task](request)
    return dataclasses.replace(result, settings={"task": task, **result.settings, "timesuite_jax": __version__})
