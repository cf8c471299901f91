"""Scores of the trained model of VideoChat-T's quickstart, beside the controls that they must be compared with."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from timesuite_jax.data.corpora import CorpusShare, Mixture
from timesuite_jax.evaluation import Span, run_benchmark
from timesuite_jax.metrics import best_constant_span, grounding_scores, random_spans
from timesuite_jax.videochat_t.answering.predictor import VideoChatPredictor
from timesuite_jax.videochat_t.benchmarks.grounding import Control, GroundingBenchmark
from timesuite_jax.videochat_t.benchmarks.grounding_prediction import GroundingPrediction

Predictions = Sequence[GroundingPrediction]


@dataclasses.dataclass(frozen=True)
class QuickstartScores:
    """Metrics by name, and the predictions behind them."""

    metrics: dict[str, float]
    one: Predictions
    two: Predictions


def score(
    predictor: VideoChatPredictor, corpora: Path, *, batch_size: int, on_progress: Callable[[int], None]
) -> QuickstartScores:
    """Scores a model on held-out videos.

    Args:
      predictor: the trained model.
      corpora: folder with the corpora `train`, `one_object` and `two_objects`.
      batch_size: prompts at a time.
      on_progress: called with the number of newly answered prompts; `one_object` counts three times.
    """

    def answer(corpus: str, control: Control = "none") -> tuple[dict[str, float], Predictions]:
        benchmark = GroundingBenchmark([str(corpora / corpus)], control=control)
        result = run_benchmark(benchmark, predictor, batch_size=batch_size, on_progress=on_progress)
        return result.metrics(), list(result.predictions.values())

    metrics, one = answer("one_object")
    foreign, _ = answer("one_object", "foreign_frames")
    rescaled, in_new_seconds = answer("one_object", "rescaled_stamps")
    two_objects, two = answer("two_objects")
    metrics["foreign_frames_r1_iou_0.5"] = foreign["r1_iou_0.5"]
    metrics["rescaled_stamps_r1_iou_0.5"] = rescaled["r1_iou_0.5"]
    # The same answers against the original seconds: what a model scores that ignores the time stamps.
    old = _metrics([prediction.span for prediction in in_new_seconds], [prediction.truth[0] for prediction in one])
    metrics["rescaled_stamps_old_seconds_r1_iou_0.5"] = old["r1_iou_0.5"]
    metrics |= _without_looking(one, corpora / "train")
    metrics |= {f"two_objects_{name}": value for name, value in two_objects.items() if name != "dropped"}
    other = _metrics([prediction.span for prediction in two], _spans_of_the_other(two))
    metrics["other_object_r1_iou_0.5"] = other["r1_iou_0.5"]
    return QuickstartScores(metrics, one, two)


def _metrics(spans: Sequence[Sequence[float] | None], truths: Sequence[Sequence[float]]) -> dict[str, float]:
    return grounding_scores(spans, truths).summary()


def _without_looking(predictions: Predictions, train: Path) -> dict[str, float]:
    """Scores of the best constant answer (fitted on the training videos) and of a random one."""
    truths = [prediction.truth[0] for prediction in predictions]
    durations = np.array([prediction.duration for prediction in predictions])
    mixture = Mixture([CorpusShare(str(train))])
    records = [mixture.read(number) for number in range(mixture.visits)]
    known = np.array([span for record in records for span in record.spans])
    lengths = np.array([record.duration for record in records for _ in record.spans])
    constants = (best_constant_span(known, lengths, relative=relative) for relative in (True, False))
    best = max(_metrics(span.predict(durations).tolist(), truths)["r1_iou_0.5"] for span in constants)
    guess = _metrics(random_spans(durations, seed=0).tolist(), truths)["r1_iou_0.5"]
    return {"constant_r1_iou_0.5": best, "random_r1_iou_0.5": guess}


def _spans_of_the_other(predictions: Predictions) -> Sequence[Span]:
    """For each question about a video with two objects, when the object of the other question is visible."""
    videos = defaultdict(list)
    for prediction in predictions:
        videos[prediction.source].append(prediction)
    others = []
    for prediction in predictions:
        (other,) = [one for one in videos[prediction.source] if one is not prediction]
        others.append(other.truth[0])
    return others
