"""Ranking scores of a trained MQSA-TED, as `timesuite evaluate` computes and shows them."""

import functools
from collections.abc import Callable

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.evaluation.job import EvaluationJob, EvaluationReport, Progress
from timesuite_jax.metrics import RankingScores
from timesuite_jax.mqsa_ted.baselines import baseline_metrics
from timesuite_jax.mqsa_ted.data import Split
from timesuite_jax.mqsa_ted.report import print_ranking, ranking_json
from timesuite_jax.param_tree import Params

_SPLITS: tuple[Split, ...] = ("validation", "test")


def ranking_job(
    data: Interactions, max_len: int, ranking: Callable[[Params, Split, Progress], RankingScores]
) -> EvaluationJob:
    """Ranks of every user's held-out items, for validation and for testing, beside those of baselines.

    Args:
      data: whose held-out items are ranked.
      max_len: length of a history.
      ranking: from the model's parameters, for one split; see `MqsaTedInference.ranking`.
    """

    def run(params: Params, on_progress: Progress) -> EvaluationReport:
        scores = {split: ranking(params, split, on_progress) for split in _SPLITS}
        baselines = {split: baseline_metrics(data, split, max_len) for split in _SPLITS}
        title = f"ranking of {data.num_items} items"
        return EvaluationReport(
            ranking_json(scores, baselines), functools.partial(print_ranking, scores, baselines, title)
        )

    return EvaluationJob("ranking", len(_SPLITS) * data.num_users, run)
