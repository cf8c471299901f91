"""Baselines of temporal grounding without vision, and how many predicted times are round numbers.

Constant and random spans, and the fraction of round numbers, show how much of a score is due to grounding.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from timesuite_jax.metrics.span_iou import hull_iou


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

    Models trained on round numbers predict round numbers (multiples of 5); compare with the fraction of the true
    spans. None is ignored; without any span, all fractions are 0.
    """
    edges = np.array([edge for span in spans if span is not None for edge in span[:2]], np.float64)
    fractions = {}
    for step in steps:
        off = np.abs(edges - np.round(edges / step) * step)
        fractions[f"multiples_of_{step:g}"] = float((off <= tolerance).mean()) if len(edges) else 0.0
    return fractions
