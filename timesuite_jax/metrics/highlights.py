"""Metrics of highlight detection on QVHighlights: HIT@1 and mean average precision.

Follows the official protocol, as in upstream's `metrics/vhd/eval_vhd.py`: clips of 2 seconds, saliency scores from 0 to
4 by three annotators, clips positive from a score of 2 (Fair), 3 (Good) or 4 (VeryGood). The paper reports VeryGood.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Shaped

from timesuite_jax.errors import UserError

CLIP_SECONDS = 2
_MAX_CLIP = 2**31  # of 136 years
_LONGEST = 1_000_000  # seconds of a video, 11 days: an array of all clips must fit in memory
LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}


def average_precision(positive: Shaped[np.ndarray, " clips"], scores: Float[np.ndarray, " clips"]) -> float:
    """Computes the interpolated average precision, averaged over the ranks at which recall increases.

    Equal scores share a rank. The result is 0 if all clips are negative and 1 if all are positive.

    Args:
      positive: 1 for positive clips, else 0.
      scores: predicted scores; higher ranks first.
    """
    positive = np.asarray(positive, bool)
    if not positive.any() or positive.all():
        return float(positive.all())
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    ranked, sorted_scores = positive[order], np.asarray(scores, np.float64)[order]
    last_of_rank = np.append(np.flatnonzero(np.diff(sorted_scores)), len(ranked) - 1)
    found = np.cumsum(ranked)[last_of_rank]
    precision = found / (last_of_rank + 1)
    # Interpolation: the maximum precision at this recall or higher.
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    increases = np.diff(found, prepend=0) > 0
    # Summed from the lowest rank up, in upstream's order, for bitwise equality.
    return float(np.mean(precision[increases][::-1]))


def highlight_scores(
    predictions: Mapping[int, Sequence[float]], truths: Sequence[Mapping[str, Any]]
) -> dict[str, float]:
    """Computes HIT@1 and mAP at the three levels, over the queries with both a prediction and ground truth.

    The mAP is the mean over a query's annotators, then over queries, which may have different numbers of annotators.

    Args:
      predictions: one score per clip, by query id. For mAP, missing clips score 0 and clips beyond the end of the video
        are dropped; for HIT@1, a best clip beyond the end is a miss.
      truths: records of QVHighlights with `qid`, `duration`, `relevant_clip_ids` and `saliency_scores`. Annotated clips
        beyond the end of the video are ignored and counted.

    Returns:
      `HL-min-Fair-mAP`, `HL-min-Fair-Hit1`, ... as fractions of 1, and counts: `n`, the queries that are scored;
      `without_prediction`, the queries that are not; `clips_beyond_end`, the annotated clips that are ignored.

    Raises:
      UserError: no query has both, or the annotation or the prediction of a query cannot be scored; names the query.
    """
    columns, shared, beyond = highlight_table(predictions, truths)
    counts = {"n": len(shared), "without_prediction": len(truths) - len(shared), "clips_beyond_end": beyond}
    return {**{name: float(np.mean(values)) for name, values in columns.items()}, **counts}


def highlight_table(
    predictions: Mapping[Any, Sequence[float]], truths: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Float[np.ndarray, " queries"]], list[Mapping[str, Any]], int]:
    """Returns one value per scored query for each metric of `highlight_scores`, the mean of each being the metric.

    Args:
      predictions: one score per clip, by query id.
      truths: records of QVHighlights.

    Returns:
      The columns, the records of the scored queries, and the number of annotated clips beyond the end of their video.

    Raises:
      ValueError: no query has both a prediction and ground truth.
      UserError: the annotation or the prediction of a query cannot be scored; names the query.
    """
    shared = [truth for truth in truths if truth["qid"] in predictions]
    if not shared:
        examples = f" ({[truth['qid'] for truth in truths[:3]]} against {list(predictions)[:3]})"
        raise UserError(
            f"none of {len(predictions)} predictions has the query id of one of {len(truths)} truths{examples}; give "
            "predictions for these queries, with ids of the same type"
        )
    columns: dict[str, list[float]] = {f"HL-min-{level}-{name}": [] for level in LEVELS for name in ("mAP", "Hit1")}
    beyond = 0
    for truth in shared:
        saliency, ignored = _saliency(truth)
        beyond += ignored
        predicted = _scores(truth["qid"], predictions[truth["qid"]])
        best = int(np.argmax(predicted))
        fitted = np.zeros(len(saliency))
        fitted[: len(predicted)] = predicted[: len(saliency)]
        for level, threshold in LEVELS.items():
            positive = (saliency >= threshold).astype(np.float64)
            columns[f"HL-min-{level}-Hit1"].append(float(positive[best].max()) if best < len(positive) else 0.0)
            precision = np.mean([average_precision(each, fitted) for each in positive.T])
            columns[f"HL-min-{level}-mAP"].append(float(precision))
    return {name: np.array(values) for name, values in columns.items()}, shared, beyond


def clip_count(duration: float) -> int:
    """Returns the number of whole clips of a video of so many seconds; 0 for a duration that is no positive number."""
    return int(duration / CLIP_SECONDS) if np.isfinite(duration) and duration > 0 else 0


def _saliency(truth: Mapping[str, Any]) -> tuple[Float[np.ndarray, "clips annotators"], int]:
    """Returns the annotators' scores of all clips of a video, and the number of annotated clips beyond its end.

    Raises:
      UserError: naming the query whose annotation is wrong.
    """
    query, duration = f"query {truth['qid']}", truth["duration"]
    if not isinstance(duration, int | float | np.number) or isinstance(duration, bool):
        raise UserError(f"{query} has duration {duration!r}; give the number of seconds of its video")
    if duration > _LONGEST:
        raise UserError(f"{query} has a video of {duration} s, over the {_LONGEST} s supported; give its seconds")
    clips = clip_count(float(duration))
    if not clips:
        raise UserError(f"{query} has a video of {duration} s, too short for a clip of {CLIP_SECONDS} s; leave it out")
    relevant = truth["relevant_clip_ids"]
    if not isinstance(relevant, Sequence | np.ndarray) or isinstance(relevant, str):
        raise UserError(f"{query} has relevant_clip_ids {relevant!r}; give a list of numbers of clips")
    if not len(relevant):
        raise UserError(f"{query} has no relevant clip, so no prediction can be right; leave it out")
    ids, scores = _annotated(query, relevant, truth["saliency_scores"])
    saliency = np.zeros((clips, scores.shape[1]))
    within = ids < clips
    saliency[ids[within]] = scores[within]
    return saliency, int((~within).sum())


def _annotated(
    query: str, clips: Sequence[Any] | np.ndarray, saliency: Any
) -> tuple[Int[np.ndarray, " relevant"], Float[np.ndarray, "relevant annotators"]]:
    """Returns the annotated clips of a query and their scores as arrays.

    Raises:
      UserError: clips are no distinct numbers from 0, or do not each have a finite score of every annotator.
    """
    for clip in clips:
        if not (isinstance(clip, int | np.integer) and not isinstance(clip, bool) and 0 <= clip < _MAX_CLIP):
            raise UserError(f"{query} has relevant clip {clip!r}; clips are whole numbers from 0; correct it")
    ids = np.array(clips, np.int64)
    if len(np.unique(ids)) < len(ids):
        raise UserError(f"{query} has a relevant clip twice; remove one of them")
    try:
        scores = np.array(saliency, np.float64)
    except (ValueError, TypeError):
        scores = np.empty(0)
    if scores.ndim != 2 or len(scores) != len(ids) or not scores.size or not np.isfinite(scores).all():
        raise UserError(
            f"{query} needs one list of saliency_scores for each of relevant_clip_ids, with a finite number of each "
            "annotator; correct it"
        )
    return ids, scores


def _scores(qid: int, predicted: Sequence[float]) -> Float[np.ndarray, " clips"]:
    """Returns predicted scores as an array.

    Raises:
      UserError: naming the query without a score, or with one that is not a finite number.
    """
    scores = np.asarray(predicted, np.float64)
    if scores.ndim != 1 or not len(scores):
        raise UserError(f"query {qid} has no predicted clip scores; give one score for each clip, 0 where unknown")
    if not np.isfinite(scores).all():
        raise UserError(f"query {qid} has predicted clip scores that are not finite numbers; give 0 where unknown")
    return scores
