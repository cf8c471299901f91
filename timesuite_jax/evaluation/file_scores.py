"""Scores files of predictions against files of ground truth, by task."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.breakdown import break_down
from timesuite_jax.evaluation.prediction_files.choices import read_choices
from timesuite_jax.evaluation.prediction_files.dense_captions import read_dense_captions
from timesuite_jax.evaluation.prediction_files.grounding_predictions import PredictedWindows, read_predicted_windows
from timesuite_jax.evaluation.prediction_files.grounding_truth import TrueWindows, read_true_windows
from timesuite_jax.evaluation.prediction_files.json_content import read_json_content
from timesuite_jax.evaluation.prediction_files.question_keys import video_name
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.evaluation.runner import DroppedExample, Result
from timesuite_jax.evaluation.scores import Scores
from timesuite_jax.metrics import grounding_scores, moment_table, round_number_fractions
from timesuite_jax.metrics.captions.dense import dense_caption_scores
from timesuite_jax.metrics.highlights import highlight_table
from timesuite_jax.metrics.qvhighlights import BRIEF, qvhighlights_moment_table

_NOTHING = PredictedWindows(())
_STEPS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # seconds of the quantization histogram


@dataclass(frozen=True)
class ScoreRequest:
    """What to score: files, whether questions without a prediction are left out, and "default" or "paper"."""

    predictions: Path
    truth: Path
    answered_only: bool = False
    protocol: str = "default"


def score_files(task: str, request: ScoreRequest) -> Result[ScoredUnit]:
    """Scores the predictions of a task; a question without one counts as wrong unless `answered_only`.

    Raises:
      UserError: the task is unknown, a file has none of the known forms, or no prediction belongs to the truth.
    """
    if task not in TASK_SCORERS:
        raise UserError(f"unknown task {task!r}; choose one of {', '.join(TASK_SCORERS)}")
    return TASK_SCORERS[task](request)


def _result(
    request: ScoreRequest,
    table: Mapping[str, Float[np.ndarray, " N"]],
    units: Sequence[ScoredUnit],
    *,
    missing: Sequence[str],
    unknown: Sequence[str],
    details: Mapping[str, Any],
    aggregates: Mapping[str, float] | None = None,
) -> Result[ScoredUnit]:
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
            "unknown_predictions": len(unknown),
            **details,
            "breakdown": break_down(table, units),
        },
    )
    dropped = [DroppedExample(id, "it has no prediction") for id in missing] if request.answered_only else []
    settings = {
        "predictions": str(request.predictions),
        "truth": str(request.truth),
        "protocol": request.protocol,
        "answered_only": request.answered_only,
    }
    return Result({unit.id: unit for unit in units}, dropped, scores, settings)


def _round_numbers(spans: Sequence[Sequence[float] | None]) -> dict[str, float]:
    """Returns how many starts and ends are multiples of some steps; models often predict round numbers."""
    return dict(round_number_fractions(spans, _STEPS))


def _chosen(request: ScoreRequest, ids: Iterable[str], answered: Iterable[str]) -> tuple[set[str], list[str]]:
    """Returns the ids that are scored, and those without a prediction.

    Raises:
      UserError: no question has a prediction.
    """
    ids = list(ids)
    missing = [id for id in ids if id not in set(answered)]
    if len(missing) == len(ids):
        raise UserError(
            f"no prediction of {request.predictions} belongs to one of the {len(ids)} questions or videos of "
            f"{request.truth}; give files of the same data set"
        )
    return set(ids) - set(missing if request.answered_only else ()), missing


def _grounded(
    request: ScoreRequest,
) -> tuple[list[TrueWindows], list[PredictedWindows], list[ScoredUnit], list[str], list[str]]:
    truths = read_true_windows(request.truth)
    found, unknown = read_predicted_windows(request.predictions, truths)
    chosen, missing = _chosen(request, (truth.id for truth in truths), found)
    scored = [truth for truth in truths if truth.id in chosen]
    units = [
        ScoredUnit(
            truth.id,
            video_name(truth.video),
            truth.duration,
            sum(end - start for start, end in truth.windows),
            sum(truth.windows[0]) / 2,
        )
        for truth in scored
    ]
    return scored, [found.get(truth.id, _NOTHING) for truth in scored], units, missing, unknown


def _score_grounding(request: ScoreRequest) -> Result[ScoredUnit]:
    truths, predicted, units, missing, unknown = _grounded(request)
    spans = [tuple(window[:2] for window in one.windows) for one in predicted]
    windows = [truth.windows for truth in truths]
    first = [one[0] if one else None for one in spans]
    table = grounding_scores(first, windows, [one.absent for one in predicted]).table()
    table |= moment_table(spans, windows)
    details = {
        "round_numbers": _round_numbers(first),
        "round_numbers_of_truth": _round_numbers([span for each in windows for span in each]),
    }
    return _result(request, table, units, missing=missing, unknown=unknown, details=details)


def _score_moments(request: ScoreRequest) -> Result[ScoredUnit]:
    truths, predicted, units, missing, unknown = _grounded(request)
    columns = qvhighlights_moment_table([one.windows for one in predicted], [truth.windows for truth in truths])
    table = {name: columns[name] for name in BRIEF}
    table["parse_failures"] = np.array([not one.windows and not one.absent for one in predicted], np.float64)
    spans = [window for one in predicted for window in one.windows]
    means = {name: float(np.nanmean(values)) for name, values in columns.items() if not np.isnan(values).all()}
    details = {
        "all_thresholds": means,
        "round_numbers": _round_numbers(spans),
        "round_numbers_of_truth": _round_numbers([window for truth in truths for window in truth.windows]),
    }
    return _result(request, table, units, missing=missing, unknown=unknown, details=details)


def _score_highlights(request: ScoreRequest) -> Result[ScoredUnit]:
    truths = {truth.id: truth for truth in read_true_windows(request.truth)}
    rows = read_json_content(request.predictions)
    try:
        found = {str(row["qid"]): row["pred_saliency_scores"] for row in rows}
    except (TypeError, KeyError) as error:
        raise UserError(
            f'{request.predictions} is no list of {{"qid", "pred_saliency_scores"}}; give one score for each 2 s clip'
        ) from error
    chosen, missing = _chosen(request, truths, found)
    records = [{**truth.record, "qid": id} for id, truth in truths.items() if id in chosen]
    silent = {id: [0.0] for id in missing}
    columns, shared, beyond = highlight_table({**silent, **found}, records)
    answered = np.array([record["qid"] in found for record in shared])
    table = {name: np.where(answered, values, 0.0) for name, values in columns.items()}
    units = [
        ScoredUnit(id, video_name(one.video), one.duration, sum(b - a for a, b in one.windows), sum(one.windows[0]) / 2)
        for id, one in ((record["qid"], truths[record["qid"]]) for record in shared)
    ]
    unknown = [id for id in found if id not in truths]
    details = {"clips_beyond_end": beyond}
    return _result(request, table, units, missing=missing, unknown=unknown, details=details)


def _score_dense_captions(request: ScoreRequest) -> Result[ScoredUnit]:
    videos, unknown = read_dense_captions(request.predictions, request.truth)
    answered = [video.video for video in videos if video.predicted is not None]
    chosen, missing = _chosen(request, (video.video for video in videos), answered)
    scored = [video for video in videos if video.video in chosen]
    scores = dense_caption_scores(scored, protocol=request.protocol)
    units = [
        ScoredUnit(video.video, video_name(video.video), max(event.end for event in video.truth)) for video in scored
    ]
    spans = [(event.start, event.end) for video in scored for event in video.predicted or ()]
    return _result(
        request,
        {**scores.per_video, "parse_failures": np.array([not video.predicted for video in scored], np.float64)},
        units,
        missing=missing,
        unknown=unknown,
        details={
            "round_numbers": _round_numbers(spans),
            "round_numbers_of_truth": _round_numbers([(e.start, e.end) for video in scored for e in video.truth]),
        },
        aggregates=scores.corpus,
    )


def _score_choices(request: ScoreRequest) -> Result[ScoredUnit]:
    choices, unknown = read_choices(request.predictions, request.truth)
    chosen, missing = _chosen(
        request, (choice.id for choice in choices), (choice.id for choice in choices if choice.answered)
    )
    scored = [choice for choice in choices if choice.id in chosen]
    table = {
        "accuracy": np.array([choice.predicted == choice.truth for choice in scored], np.float64),
        "parse_failures": np.array([choice.predicted is None for choice in scored], np.float64),
    }
    units = [ScoredUnit(choice.id, video_name(choice.video), choice.duration) for choice in scored]
    counts: dict[str, int] = {}
    for choice in scored:
        counts[choice.predicted or "none"] = counts.get(choice.predicted or "none", 0) + 1
    details = {"chosen_letters": dict(sorted(counts.items()))}
    return _result(request, table, units, missing=missing, unknown=unknown, details=details)


TASK_SCORERS: Mapping[str, Callable[[ScoreRequest], Result[ScoredUnit]]] = {
    "tvg": _score_grounding,
    "mr": _score_moments,
    "vhd": _score_highlights,
    "dvc": _score_dense_captions,
    "choice": _score_choices,
}
