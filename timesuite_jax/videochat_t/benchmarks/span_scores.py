"""Scores of answers with spans, and what is reported beside them."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from timesuite_jax.data.corpora.bad_spans import check_span
from timesuite_jax.evaluation import Span
from timesuite_jax.evaluation.breakdown import break_down, round_numbers
from timesuite_jax.evaluation.calibration import calibration_report
from timesuite_jax.metrics import THRESHOLDS, best_iou, grounding_scores, moment_table
from timesuite_jax.text import denies_event
from timesuite_jax.videochat_t.benchmarks.grounding_prediction import GroundingPrediction


def span_table(
    predictions: Sequence[GroundingPrediction], thresholds: Sequence[float] = THRESHOLDS
) -> dict[str, Float[np.ndarray, " questions"]]:
    """Returns one value per question for each metric of the first span, and of all spans, of its answer.

    Args:
      predictions: answers, at least one.
      thresholds: IoU from which the first span is right, for R@1.
    """
    windows = [prediction.truth for prediction in predictions]
    absent = [not prediction.spans and denies_event(prediction.answer) for prediction in predictions]
    first = grounding_scores([prediction.span for prediction in predictions], windows, absent).table(thresholds)
    return {**first, **moment_table([prediction.spans for prediction in predictions], windows)}


def span_details(
    predictions: Sequence[GroundingPrediction],
    table: Mapping[str, Float[np.ndarray, " questions"]],
    categories: Callable[[str], tuple[str, ...]] = lambda id: (),
) -> dict[str, Any]:
    """Returns the calibration of confidences, shares of round numbers, numbers of spans beyond videos, scores of parts.

    Args:
      predictions: answers.
      table: metrics, one value per question.
      categories: of a question, from its id.
    """
    units = [dataclasses.replace(one.unit(), categories=categories(one.id)) for one in predictions]
    return {
        **_calibration(predictions),
        "round_numbers": round_numbers([prediction.span for prediction in predictions]),
        "round_numbers_of_truth": round_numbers([span for prediction in predictions for span in prediction.truth]),
        "answers_beyond_video": _count_beyond(predictions, lambda one: one.spans),
        "truths_beyond_video": _count_beyond(predictions, lambda one: one.truth),
        "breakdown": break_down(table, units),
    }


def _calibration(predictions: Sequence[GroundingPrediction]) -> dict[str, Any]:
    """How far the confidence of the first span can be trusted; empty where no answer has one.

    A span is right from an IoU of 0.5 with a true window on.
    """
    known = [one for one in predictions if one.span is not None and one.confidences]
    if not known:
        return {}
    right = np.array([best_iou(one.span, one.truth) >= 0.5 for one in known if one.span is not None])
    confidences = np.array([one.confidences[0] for one in known], np.float64)
    return {"calibration": calibration_report(confidences, right, [one.source for one in known], of="confidences")}


def _count_beyond(
    predictions: Sequence[GroundingPrediction], spans_of: Callable[[GroundingPrediction], Sequence[Span]]
) -> int:
    """Counts the predictions with a span that extends beyond the shown video."""
    return sum(any(check_span(span, one.duration) for span in spans_of(one)) for one in predictions)


_EXAMPLE = GroundingPrediction("", "", "", "", ((0.0, 1.0),), ((0.0, 1.0),), 1.0)
METRIC_NAMES = tuple(span_table([_EXAMPLE]))
"""Names of the metrics of `span_table` at its default thresholds."""
