"""Ranking scores of a trained MQSA-TED, as `timesuite evaluate` computes and shows them."""

import functools
from typing import TYPE_CHECKING

from timesuite_jax.evaluation.job import EvaluationJob, EvaluationReport, Progress
from timesuite_jax.mqsa_ted.data import Split
from timesuite_jax.mqsa_ted.report import print_ranking, ranking_json
from timesuite_jax.param_tree import Params

if TYPE_CHECKING:
    from timesuite_jax.mqsa_ted.task import MqsaTedTask

_SPLITS: tuple[Split, ...] = ("validation", "test")


def ranking_job(task: "MqsaTedTask") -> EvaluationJob:
    """Ranks of every user's held-out items, for validation and for testing."""

    def run(params: Params, on_progress: Progress) -> EvaluationReport:
        scores = {split: task.ranking(params, split, on_progress) for split in _SPLITS}
        title = f"ranking of {task.data.num_items} items"
        return EvaluationReport(ranking_json(scores), functools.partial(print_ranking, scores, title))

    return EvaluationJob("ranking", len(_SPLITS) * task.data.num_users, run)
