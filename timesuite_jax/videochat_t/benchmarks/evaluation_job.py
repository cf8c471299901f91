"""Grounding scores of a trained VideoChat-T, as `timesuite evaluate` computes and shows them."""

import functools
from collections.abc import Callable
from typing import cast

from timesuite_jax import evaluation
from timesuite_jax.checkpoints.fingerprint import fingerprint
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.job import EvaluationJob, EvaluationReport, EvaluationRequest, Progress
from timesuite_jax.param_tree import Params
from timesuite_jax.videochat_t.answering.predictor import VideoChatPredictor
from timesuite_jax.videochat_t.benchmarks.grounding import Control, GroundingBenchmark, GroundingPrediction
from timesuite_jax.videochat_t.config import EvaluationSpec

_TIMELINES = 6  # answers that are drawn


def grounding_job(
    spec: EvaluationSpec, request: EvaluationRequest, make_predictor: Callable[[Params], VideoChatPredictor]
) -> EvaluationJob:
    """Grounding on the corpora of `config.evaluation`.

    Args:
      spec: the config's part.
      request: options of the command; they take precedence.
      make_predictor: from the parameters of the model.

    Raises:
      UserError: if there are no corpora, or one cannot be read.
    """
    if not spec.corpora:
        raise UserError("config.evaluation.corpora is empty; give a corpus to evaluate with --data")
    control = cast(Control, request.control or "none")
    benchmark = GroundingBenchmark(
        spec.corpora, limit=request.limit or spec.limit, control=control, protocol=spec.protocol
    )

    def run(params: Params, on_progress: Progress) -> EvaluationReport:
        result = evaluation.run_benchmark(
            benchmark,
            make_predictor(params),
            batch_size=request.batch_size or spec.batch_size,
            folder=request.results,
            settings={"weights": fingerprint(params)} if request.results else {},
            on_progress=on_progress,
        )
        show = functools.partial(evaluation.print_result, result, ", ".join(spec.corpora))
        return EvaluationReport(result.as_json(), show, _files(result, request))

    return EvaluationJob("answering", len(benchmark.examples()), run)


def _files(result: evaluation.Result[GroundingPrediction], request: EvaluationRequest) -> list[Callable[[], None]]:
    files: list[Callable[[], None]] = []
    if request.predictions is not None:
        files.append(functools.partial(evaluation.write_predictions, result, request.predictions))
    if request.timeline is not None:
        timelines = [prediction.timeline() for prediction in list(result.predictions.values())[:_TIMELINES]]
        files.append(functools.partial(evaluation.draw_timelines, timelines, request.timeline))
    return files
