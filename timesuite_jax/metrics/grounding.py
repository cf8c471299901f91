"""Temporal grounding: how well one predicted span matches the true one.

R@1 at IoU thresholds follows upstream's `metrics/tvg/eval_tvg.py` (Charades-STA's protocol): the first span of an
answer counts, an answer without a span is a miss, and the denominator is every question. Mean IoU and parse failures
stand beside it, which upstream leaves out. Scores without vision (a constant span, a random one) and a histogram of
round numbers show how much of a score is grounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

THRESHOLDS = (0.3, 0.5, 0.7)


def hull_iou(a: Float[np.ndarray, "examples 2"], b: Float[np.ndarray, "examples 2"]) -> Float[np.ndarray, " examples"]:
    """Overlap over hull of paired spans (start, end), in seconds; the score of one span against one.

    Upstream divides by the hull of both spans instead of their union. For spans that overlap the two are the same, and
    for spans that do not the overlap is zero, so this is the true IoU. Ends before starts are taken as they are, as
    upstream does. Where the hull has no length (the same instant twice, at which upstream divides by zero) it is 1.
    """
    overlap = np.minimum(a[:, 1], b[:, 1]) - np.maximum(a[:, 0], b[:, 0])
    hull = np.maximum(a[:, 1], b[:, 1]) - np.minimum(a[:, 0], b[:, 0])
    return np.divide(np.maximum(overlap, 0.0), hull, out=np.ones_like(hull), where=hull != 0)


def set_iou(a: Sequence[Sequence[float]], b: Sequence[Sequence[float]]) -> float:
    """Length of intersection over length of union of two sets of spans: for answers with several spans."""
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
    """Scores of one run, question by question, so that intervals and slices can be made from them.

    Attributes:
      iou: IoU of each question's first span; 0 where there is none.
      parsed: whether the answer had a span.
    """

    iou: Float[np.ndarray, " examples"]
    parsed: Bool[np.ndarray, " examples"]

    def hits(self, threshold: float) -> Bool[np.ndarray, " examples"]:
        """Questions answered with at least this IoU; a missing answer is no hit even at threshold 0."""
        return self.parsed & (self.iou >= threshold)

    def table(self, thresholds: Sequence[float] = THRESHOLDS) -> dict[str, Float[np.ndarray, " examples"]]:
        """Every metric as one number a question, for `bootstrap`; the mean of each is the metric."""
        columns = {f"r1_iou_{threshold}": self.hits(threshold).astype(np.float64) for threshold in thresholds}
        return {**columns, "miou": self.iou, "parse_failures": 1.0 - self.parsed}

    def summary(self, thresholds: Sequence[float] = THRESHOLDS) -> dict[str, float]:
        """`r1_iou_0.5`, ..., `miou`, `parse_failures` (all fractions of 1) and `n`."""
        return {**{name: float(column.mean()) for name, column in self.table(thresholds).items()}, "n": len(self.iou)}


def grounding_scores(
    predictions: Sequence[Sequence[float] | None], truths: Sequence[Sequence[float]]
) -> GroundingScores:
    """Scores first spans against true ones.

    Args:
      predictions: (start, end) in seconds for each question, None where the answer had no span.
      truths: (start, end) in seconds.

    Raises:
      ValueError: if the numbers of predictions and truths differ or are zero.
    """
    if len(predictions) != len(truths) or not len(truths):
        raise ValueError(
            f"{len(predictions)} predictions for {len(truths)} questions; give one each, None for no answer"
        )
    parsed = np.array([prediction is not None for prediction in predictions])
    spans = np.array([(0.0, 0.0) if span is None else (span[0], span[1]) for span in predictions], np.float64)
    iou = hull_iou(spans, np.asarray(truths, np.float64)[:, :2])
    return GroundingScores(np.where(parsed, iou, 0.0), parsed)


@dataclass(frozen=True)
class ConstantSpan:
    """The same answer to every question: in seconds, or as fractions of each video's duration."""

    start: float
    end: float
    relative: bool

    def predict(self, durations: Float[np.ndarray, " examples"]) -> Float[np.ndarray, "examples 2"]:
        """The span for videos of these durations in seconds."""
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
    """The constant answer that scores best on a training list: what a model gets that never looks at the video.

    Args:
      truths: true spans in seconds, of training questions (not of those to be scored).
      durations: of their videos, in seconds.
      threshold: IoU threshold whose R@1 is to be best; None for mean IoU. Ties go to the higher mean IoU.
      relative: fractions of the duration, else seconds.
      steps: the grid has so many steps from 0 to 1 (or to the latest true end).
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
    """Spans in seconds between two moments drawn uniformly from each video."""
    moments = np.random.default_rng(seed).random((len(durations), 2)) * np.asarray(durations, np.float64)[:, None]
    return np.sort(moments, axis=1)


def quantisation(
    spans: Sequence[Sequence[float] | None], steps: Sequence[float] = (1.0, 5.0, 10.0), tolerance: float = 0.05
) -> Mapping[str, float]:
    """Share of predicted starts and ends that are multiples of each step, within a tolerance, in seconds.

    Models that were trained on round numbers answer in them ("always multiples of 5"); compare with the true spans'
    share. Missing predictions are left out; without any, every share is 0.
    """
    edges = np.array([edge for span in spans if span is not None for edge in span[:2]], np.float64)
    shares = {}
    for step in steps:
        off = np.abs(edges - np.round(edges / step) * step)
        shares[f"multiples_of_{step:g}"] = float((off <= tolerance).mean()) if len(edges) else 0.0
    return shares
