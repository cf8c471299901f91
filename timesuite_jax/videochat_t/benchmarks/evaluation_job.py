"""Scores of a trained VideoChat-T, as `timesuite evaluate` computes and shows them."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from etils import epath

from timesuite_jax import evaluation
from timesuite_jax.checkpoints.fingerprint import fingerprint
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.job import EvaluationJob, EvaluationReport, EvaluationRequest, Progress
from timesuite_jax.evaluation.report import print_breakdown, print_calibration
from timesuite_jax.param_tree import Params
from timesuite_jax.videochat_t.answering.predictor import VideoChatPredictor
from timesuite_jax.videochat_t.answering.requirements import Requirements
from timesuite_jax.videochat_t.answering.timeline_parts import video_frames
from timesuite_jax.videochat_t.benchmarks.choice_of_benchmark import AnyBenchmark, choose_benchmark
from timesuite_jax.videochat_t.benchmarks.grounding_prediction import GroundingPrediction
from timesuite_jax.videochat_t.benchmarks.presence import PresenceAnswer
from timesuite_jax.videochat_t.benchmarks.published.published_benchmark import PublishedBenchmark
from timesuite_jax.videochat_t.benchmarks.report_cards import write_benchmark_report
from timesuite_jax.videochat_t.config import EvaluationSpec

_TIMELINES = 6  # answers that are drawn


def evaluation_job(
    spec: EvaluationSpec,
    request: EvaluationRequest,
    make_predictor: Callable[[Params, Requirements], VideoChatPredictor],
) -> EvaluationJob:
    """One benchmark, on the corpora of `config.evaluation` or on official annotation files.

    Args:
      spec: the config's part.
      request: options of the command; they take precedence.
      make_predictor: from the parameters of the model, and what the benchmark requires.

    Raises:
      UserError: if there are no corpora, one cannot be read, or the benchmark does not support an option.
    """
    name = request.benchmark or spec.benchmark
    benchmark = choose_benchmark(name, spec, request)
    # Of corpora it is the number of records, which the benchmark itself applies.
    if isinstance(benchmark, PublishedBenchmark):
        needs, limit = benchmark.requirements, request.limit or spec.limit
    else:
        needs, limit = Requirements(), None
    total = len(benchmark.examples())
    if request.timeline is not None and not issubclass(benchmark.prediction_type, GroundingPrediction):
        raise UserError(f"--timeline draws time spans, and benchmark {name} has none; remove the option")
    if request.submission is not None and _submission(benchmark, []) is None:
        raise UserError(
            f"--submission {request.submission}: benchmark {name} has no form of submissions, which "
            "qvhighlights_moments and qvhighlights_highlights have; remove the option"
        )

    if request.calibrate:
        _check_calibrate(benchmark, name, spec, request)

    def run(params: Params, on_progress: Progress) -> EvaluationReport:
        result = evaluation.run_benchmark(
            benchmark,
            make_predictor(params, needs),
            batch_size=request.batch_size or spec.batch_size,
            limit=limit,
            folder=request.results,
            settings={"weights": fingerprint(params)},
            on_progress=on_progress,
        )
        of = (file.name for file in request.annotations) if request.annotations else spec.corpora
        title = f"{name}: {', '.join(of)}"
        files = _files(benchmark, result, title, request)
        return EvaluationReport(result.as_json(), functools.partial(_show, result, title), files)

    return EvaluationJob("answering", min(total, limit or total), run)


def _check_calibrate(benchmark: AnyBenchmark, name: str, spec: EvaluationSpec, request: EvaluationRequest) -> None:
    """Checks that answers will have confidences.

    Raises:
      UserError: they will not, or they are those of a control experiment.
    """
    if not issubclass(benchmark.prediction_type, GroundingPrediction | PresenceAnswer):
        raise UserError(f"--calibrate: answers of benchmark {name} have no confidence; give presence or grounding")
    free = "--answers free" if request.answers == "free" else ""
    paper = "protocol paper" if spec.protocol == "paper" else ""
    control = f"--control {request.control}" if request.control else ""
    if wrong := free or paper or control:
        raise UserError(f"--calibrate needs the model's usual answers, which are constrained, not {wrong}; remove it")


def _show(result: evaluation.Result[Any], title: str) -> None:
    evaluation.print_result(result, title)
    print_calibration(result)
    print_breakdown(result)


def _files(
    benchmark: AnyBenchmark, result: evaluation.Result[Any], title: str, request: EvaluationRequest
) -> list[Callable[[], None]]:
    files: list[Callable[[], None]] = []
    if request.predictions is not None:
        files.append(functools.partial(evaluation.write_predictions, result, request.predictions))
    if request.submission is not None:
        rows = _submission(benchmark, list(result.predictions.values())) or []
        files.append(functools.partial(evaluation.write_json_lines, rows, request.submission))
    if request.timeline is not None:
        files.append(functools.partial(_draw, benchmark, result, request.timeline))
    if request.report is not None:
        files.append(functools.partial(write_benchmark_report, benchmark, result, title, request.report))
    return files


def _submission(benchmark: AnyBenchmark, predictions: Sequence[Any]) -> list[dict[str, Any]] | None:
    return benchmark.submission_rows(predictions) if isinstance(benchmark, PublishedBenchmark) else None


def _draw(benchmark: AnyBenchmark, result: evaluation.Result[GroundingPrediction], path: epath.Path) -> None:
    """Draws the first answers below frames of their videos."""
    answered = [example for example in benchmark.examples() if example.id in result.predictions][:_TIMELINES]
    timelines = [result.predictions[one.id].timeline(video_frames(benchmark.prompt(one).record)) for one in answered]
    evaluation.draw_timelines(timelines, path)
