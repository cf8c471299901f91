"""Questions with true windows, and their predicted ones."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.file_scores.request import ScoreRequest
from timesuite_jax.evaluation.file_scores.result import choose_questions, make_result
from timesuite_jax.evaluation.prediction_files.grounding_predictions import read_predicted_windows
from timesuite_jax.evaluation.prediction_files.grounding_truth import TrueWindows, read_true_windows
from timesuite_jax.evaluation.prediction_files.predicted_windows import PredictedWindows
from timesuite_jax.evaluation.prediction_files.question_keys import video_name
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.evaluation.result import DroppedExample, Result

NOTHING = PredictedWindows(())


class Grounded(NamedTuple):
    """Questions with their predicted windows.

    Attributes:
      truths: questions that are scored.
      predicted: windows for each of them.
      units: what is scored, in the same order.
      missing: ids of questions without a prediction.
      unknown: keys of predictions without a question.
      left_out: questions with a true window that ends before it starts, which no answer could be compared with.
    """

    truths: list[TrueWindows]
    predicted: list[PredictedWindows]
    units: list[ScoredUnit]
    missing: list[str]
    unknown: list[str]
    left_out: list[DroppedExample]

    def result(
        self, request: ScoreRequest, table: Mapping[str, Float[np.ndarray, " N"]], details: Mapping[str, Any]
    ) -> Result[ScoredUnit]:
        """Returns the result of a task on these questions; counts of reversed windows are added to the details."""
        # A predicted window that ends before it starts overlaps nothing in any metric.
        reversed_windows = sum(window[1] < window[0] for one in self.predicted for window in one.windows)
        counts = {"reversed_windows": reversed_windows, "reversed_true_windows": len(self.left_out)}
        return make_result(
            request,
            table,
            self.units,
            missing=self.missing,
            unknown=self.unknown,
            left_out=self.left_out,
            details={**counts, **details},
        )


def read_grounded(request: ScoreRequest) -> Grounded:
    """Reads questions and predictions, and finds which belong together.

    Raises:
      UserError: a file cannot be read, no question can be scored, or none has a prediction.
    """
    truths = read_true_windows(request.truth)
    found, unknown = read_predicted_windows(request.predictions, truths, protocol=request.protocol)
    usable = [truth.id for truth in truths if truth.reversed is None]
    left_out = [_left_out(truth, truth.reversed) for truth in truths if truth.reversed is not None]
    if not usable:
        raise UserError(
            f"no question of {request.truth} can be scored; question {left_out[0].id}: {left_out[0].reason}; swap its "
            "times"
        )
    answered = [one for one in left_out if one.id in found]
    if answered and found.keys().isdisjoint(usable):
        raise UserError(
            f"no question of {request.truth} that {request.predictions} answers can be scored; question "
            f"{answered[0].id}: {answered[0].reason}; swap its times, or give predictions of other questions"
        )
    chosen, missing = choose_questions(request, usable, found)
    scored = [truth for truth in truths if truth.id in chosen]
    units = [
        ScoredUnit(
            truth.id,
            video_name(truth.video),
            truth.duration,
            sum(end - start for start, end in truth.windows),
            sum(truth.windows[0]) / 2,
            found[truth.id].windows if truth.id in found else None,
            truth.windows,
        )
        for truth in scored
    ]
    predicted = [found.get(truth.id, NOTHING) for truth in scored]
    return Grounded(scored, predicted, units, missing, unknown, left_out)


def _left_out(truth: TrueWindows, window: tuple[float, float]) -> DroppedExample:
    shown = f"true window {window[0]:g} - {window[1]:g} s ends before it starts"
    return DroppedExample(truth.id, f"{shown} ({truth.video}: {truth.query})")
