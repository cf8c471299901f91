"""The result of scored files: intervals over videos, breakdowns, and what could not be matched."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.breakdown import break_down
from timesuite_jax.evaluation.file_scores.request import ScoreRequest
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.evaluation.result import DroppedExample, Result
from timesuite_jax.evaluation.scores import Scores


def make_result(
    request: ScoreRequest,
    table: Mapping[str, Float[np.ndarray, " N"]],
    units: Sequence[ScoredUnit],
    *,
    missing: Sequence[str],
    unknown: Sequence[str],
    details: Mapping[str, Any],
    left_out: Sequence[DroppedExample] = (),
    aggregates: Mapping[str, float] | None = None,
) -> Result[ScoredUnit]:
    """Returns the result of a task.

    Args:
      request: what was scored.
      table: one value per unit for each metric.
      units: what was scored, in the order of the table.
      missing: ids of questions without a prediction.
      unknown: keys of predictions without a question.
      details: JSON values to report beside the metrics.
      left_out: questions that cannot be scored, with the reasons.
      aggregates: metrics that are not means over units.
    """
    if "parse_failures" in table:  # of predictions: a question without one is counted apart
        answered = np.array([unit.id not in missing for unit in units])
        table = {**table, "parse_failures": np.where(answered, table["parse_failures"], np.nan)}
    scores = Scores(
        table,
        [unit.video for unit in units],
        unit="videos",
        aggregates=aggregates or {},
        details={
            "without_prediction": len(missing),
            "ids_without_prediction": list(missing),
            "unknown_predictions": len(unknown),
            **details,
            "breakdown": break_down(table, units),
        },
    )
    dropped = list(left_out)
    if request.answered_only:
        dropped += [DroppedExample(id, "it has no prediction") for id in missing]
    settings = {
        "predictions": str(request.predictions),
        "predictions_sha256": _checksum(request.predictions),
        "truth": str(request.truth),
        "truth_sha256": _checksum(request.truth),
        "protocol": request.protocol,
        "answered_only": request.answered_only,
    }
    return Result({unit.id: unit for unit in units}, dropped, scores, settings)


def _checksum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def choose_questions(request: ScoreRequest, ids: Iterable[str], answered: Iterable[str]) -> tuple[set[str], list[str]]:
    """Returns the ids that are scored, and those without a prediction.

    Raises:
      UserError: no question has a prediction.
    """
    ids, known = list(ids), set(answered)
    missing = [id for id in ids if id not in known]
    if len(missing) == len(ids):
        raise UserError(
            f"no prediction of {request.predictions} belongs to one of the {len(ids)} questions or videos of "
            f"{request.truth}; give files of the same data set"
        )
    return set(ids) - set(missing if request.answered_only else ()), missing
