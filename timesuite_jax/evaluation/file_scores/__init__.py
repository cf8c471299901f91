"""Scores of files of predictions against files of ground truth, by task."""

from timesuite_jax.evaluation.file_scores.request import ScoreRequest
from timesuite_jax.evaluation.file_scores.tasks import TASK_SCORERS, score_files

__all__ = ["TASK_SCORERS", "ScoreRequest", "score_files"]
