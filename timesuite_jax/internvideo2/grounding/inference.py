"""What a trained grounding head does: predicts moments, and is scored; parameters are passed to each method."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from timesuite_jax import config_spec
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.job import EvaluationJob, EvaluationRequest, Progress
from timesuite_jax.internvideo2.grounding.batch import Collate
from timesuite_jax.internvideo2.grounding.config import GroundingConfig
from timesuite_jax.internvideo2.grounding.evaluation_job import moment_job
from timesuite_jax.internvideo2.grounding.inputs import check_inputs
from timesuite_jax.internvideo2.grounding.moment_query import MomentQuery, read_moment_queries
from timesuite_jax.internvideo2.grounding.predict import MomentPrediction, predict_moments
from timesuite_jax.internvideo2.grounding.scores import WORDS_CUT, metric_names, moment_scores, words_cut
from timesuite_jax.internvideo2.grounding.stream import sample_maker
from timesuite_jax.models.grounding import MomentHead, MomentHeadSpec
from timesuite_jax.param_tree import Params
from timesuite_jax.training import Call, Evaluation


class GroundingInference:
    """The half of `GroundingTask` that needs parameters and no training."""

    name = "internvideo2_grounding"

    def __init__(self, config: GroundingConfig) -> None:
        self.config = config
        self.model, self.collate = MomentHead(config.model), Collate(config)

    @classmethod
    def model_config(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """`config["model"]` with every field."""
        return config_spec.as_json(config_spec.build(MomentHeadSpec, config.get("model", {}), "model"))

    @classmethod
    def replace_data(cls, config: Mapping[str, Any], data: Sequence[str]) -> dict[str, Any]:
        """The config with another file of queries to evaluate on.

        Raises:
          UserError: there are several files.
        """
        if len(data) > 1:
            raise UserError(f"--data {' '.join(data)}: queries are evaluated from one file; give one")
        return {**config, "data": {**config.get("data", {}), "evaluation": data[0]}}

    def check_ready(self, *, weights: bool, evaluate: bool) -> None:
        """Checks weights, and what is needed to evaluate; see `registry.ChecksReadiness`."""
        if evaluate:
            check_inputs(self.config, train=False, weights=weights)

    def evaluation_programs(self, params: Params) -> dict[str, Call]:
        """None: a prediction is one forward pass of a model that is small beside the one that made its features."""
        return {}

    def evaluations(self) -> dict[str, Evaluation]:
        """The scores of `data.evaluation`, as "validation"."""
        if self.config.data.evaluation is None:
            return {}
        queries = read_moment_queries(self.config.data.evaluation)
        names = [*metric_names(queries), WORDS_CUT]
        return {"validation": Evaluation(names, functools.partial(self._evaluate, queries))}

    def _evaluate(self, queries: Sequence[MomentQuery], params: Params) -> dict[str, float]:
        predictions = self.predict(params, queries)
        return {**moment_scores(predictions).metrics(), WORDS_CUT: float(words_cut(predictions))}

    def predict(
        self,
        params: Params,
        queries: Sequence[MomentQuery],
        on_progress: Progress = lambda queries: None,
        batch_size: int | None = None,
    ) -> list[MomentPrediction]:
        """Predicts the moments of queries; see `predict_moments`."""
        return predict_moments(
            self.model,
            params,
            queries,
            sample_maker(self.config, queries),
            self.collate,
            batch_size=batch_size or self.config.data.evaluation_batch_size,
            on_progress=on_progress,
        )

    def evaluation_job(self, request: EvaluationRequest) -> EvaluationJob:
        """See `registry.Evaluates`.

        Raises:
          UserError: an option is not supported, or there are no queries.
        """
        request.check_supported(self.name, ("batch_size", "limit", "predictions"))
        if self.config.data.evaluation is None:
            raise UserError("the config has no data.evaluation; give a file of queries with --data")
        queries = read_moment_queries(self.config.data.evaluation)[: request.limit]
        predict = functools.partial(self.predict, batch_size=request.batch_size)
        return moment_job(queries, predict, request.predictions)
