"""Metrics of temporal grounding: R@1 at IoU thresholds, mean IoU, and baselines without vision.

R@1 follows upstream's `metrics/tvg/eval_tvg.py` (the Charades-STA protocol): the first span of an answer counts, an
answer without a span is a miss, and the denominator is the number of questions. Mean IoU and the rate of parse failures
are additions. Constant and random spans, and the fraction of round numbers, show how much of a score is due to
grounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

THRESHOLDS = (0.3, 0.5, 0.7)


def hull_iou(a: Float[np.ndarray, "examples 2"], b: Float[np.ndarray, "examples 2"]) -> Float[np.ndarray, " examples"]:
    """Computes intersection over hull of paired spans (start, end) in seconds, the IoU of single spans.

    Upstream divides by the hull of both spans instead of their union. The two are equal for overlapping spans, and for
    disjoint spans the intersection is zero, so this is the IoU. As upstream, spans that end before they start are not
    corrected. If the hull has zero length (two equal points, for which upstream divides by zero), the result is 1.
    """
    overlap = np.minimum(a[:, 1], b[:, 1]) - np.maximum(a[:, 0], b[:, 0])
    hull = np.maximum(a[:, 1], b[:, 1]) - np.minimum(a[:, 0], b[:, 0])
    return np.divide(np.maximum(overlap, 0.0), hull, out=np.ones_like(hull), where=hull != 0)


def set_iou(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]]) -> float:
    """Computes the IoU of two sets of spans, for answers with several spans; 0 if the union has zero length."""
    edges = np.unique([edge for span in (*a, *b) for edge in span])
    if len(edges) < 2:
        return 0.0
    middles, lengths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)

    def covered(spans: Sequence[Sequence[float]]) -> Bool[np.ndarray, " edges"]:
        inside = [(middles > min(span)) & (middles < max(span)) for span in spans]
        return np.any(inside, axis=0) if inside else np.zeros(len(middles), bool)

    in_a, in_b = covered(a), covered(b)
    union = lengths[in_a | in_b].sum()
    return float(lengths[in_a & in_b].sum() / union) if union else 0.0


@dataclass(frozen=True)
class GroundingScores:
    """Scores per question, for confidence intervals and subsets.

    Attributes:
      iou: IoU of the first span of each answer; 0 without a span.
      parsed: whether the answer has a span.
    """

    iou: Float[np.ndarray, " examples"]
    parsed: Bool[np.ndarray, " examples"]

    def hits(self, threshold: float) -> Bool[np.ndarray, " examples"]:
        """Whether each IoU reaches the threshold; an answer without a span is a miss even at threshold 0."""
        return self.parsed & (self.iou >= threshold)

    def table(self, thresholds: Sequence[float] = THRESHOLDS) -> dict[str, Float[np.ndarray, " examples"]]:
        """Returns one value per question for each metric, for `bootstrap`; the mean of each is the metric."""
        columns = {f"r1_iou_{threshold}": self.hits(threshold).astype(np.float64) for threshold in thresholds}
        return {**columns, "miou": self.iou, "parse_failures": 1.0 - self.parsed}

    def summary(self, thresholds: Sequence[float] = THRESHOLDS) -> dict[str, float]:
        """Returns `r1_iou_0.5`, ..., `miou` and `parse_failures` as fractions of 1, and the count `n`."""
        return {**{name: float(column.mean()) for name, column in self.table(thresholds).items()}, "n": len(self.iou)}


def grounding_scores(
    predictions: Sequence[Sequence[float] | None], truths: Sequence[Sequence[float]]
) -> GroundingScores:
    """Scores predicted spans against ground truth.

    Args:
      predictions: (start, end) in seconds for each question, None for an answer without a span.
      truths: (start, end) in seconds for each question.

    Raises:
      ValueError: the numbers of predictions and truths differ or are zero.
    """
    if len(predictions) != len(truths) or not len(truths):
        raise ValueError(
            f"{len(predictions)} predictions for {len(truths)} questions; give one per question, None for no span"
        )
    parsed = np.array([prediction is not None for prediction in predictions])
    spans = np.array([(0.0, 0.0) if span is None else (span[0], span[1]) for span in predictions], np.float64)
    iou = hull_iou(spans, np.asarray(truths, np.float64)[:, :2])
    return GroundingScores(np.where(parsed, iou, 0.0), parsed)


@dataclass(frozen=True)
class ConstantSpan:
    """A constant prediction, in seconds or as fractions of the video's duration."""

    start: float
    end: float
    relative: bool

    def predict(self, durations: Float[np.ndarray, " examples"]) -> Float[np.ndarray, "examples 2"]:
        """Returns the span in seconds for videos of these durations in seconds."""
        scale = np.asarray(durations, np.float64)[:, None] if self.relative else np.ones((len(durations), 1))
        return np.array([[self.start, self.end]]) * scale


def best_constant_span(
    truths: Float[np.ndarray, "examples 2"],
    durations: Float[np.ndarray, " examples"],
    *,
    threshold: float | None = 0.5,
    relative: bool = True,
    steps: int = 40,
) -> ConstantSpan:
    """Finds the constant span with the best score on training data, a baseline without vision.

    Args:
      truths: true spans in seconds of training questions (not of the questions to be scored).
      durations: durations of their videos, in seconds.
      threshold: IoU threshold of the R@1 to maximise, with ties broken by mean IoU; None to maximise mean IoU.
      relative: whether the span is in fractions of the duration instead of seconds.
      steps: number of grid steps from 0 to 1 (or to the latest true end).
    """
    scale = np.asarray(durations, np.float64)[:, None] if relative else np.ones((len(truths), 1))
    targets = np.asarray(truths, np.float64) / scale
    grid = np.linspace(0.0, 1.0 if relative else float(targets[:, 1].max()), steps + 1)
    best, best_score = (grid[0], grid[1]), (-1.0, -1.0)
    for i, start in enumerate(grid[:-1]):
        for end in grid[i + 1 :]:
            iou = hull_iou(np.broadcast_to(np.array([[start, end]]), targets.shape), targets)
            score = (float((iou >= threshold).mean()) if threshold is not None else 0.0, float(iou.mean()))
            if score > best_score:
                best, best_score = (start, end), score
    return ConstantSpan(float(best[0]), float(best[1]), relative)


def random_spans(durations: Float[np.ndarray, " examples"], *, seed: int) -> Float[np.ndarray, "examples 2"]:
    """Draws spans in seconds between two uniformly distributed times of each video."""
    times = np.random.default_rng(seed).random((len(durations), 2)) * np.asarray(durations, np.float64)[:, None]
    return np.sort(times, axis=1)


def round_number_fractions(
    spans: Sequence[Sequence[float] | None], steps: Sequence[float] = (1.0, 5.0, 10.0), tolerance: float = 0.05
) -> Mapping[str, float]:
    """Computes the fraction of starts and ends that are multiples of each step, within a tolerance, in seconds.

    Models trained on round numbers predict round numbers (multiples of 5, say); compare with the fraction of the true
    spans. None is ignored; without any span, all fractions are 0.
    """
    edges = np.array([edge for span in spans if span is not None for edge in span[:2]], np.float64)
    fractions = {}
    for step in steps:
        off = np.abs(edges - np.round(edges / step) * step)
        fractions[f"multiples_of_{step:g}"] = float((off <= tolerance).mean()) if len(edges) else 0.0
    return fractions
