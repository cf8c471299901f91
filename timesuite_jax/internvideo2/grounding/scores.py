"""Scores of predictions: QVHighlights' moment retrieval and highlight detection."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.scores import Scores
from timesuite_jax.internvideo2.grounding.moment_query import MomentQuery
from timesuite_jax.internvideo2.grounding.predict import MomentPrediction
from timesuite_jax.metrics.grounding import grounding_scores
from timesuite_jax.metrics.highlights import LEVELS, clip_count, highlight_scores
from timesuite_jax.metrics.moment_retrieval import moment_table

WORDS_CUT = "queries_with_words_cut"
THRESHOLDS = (0.3, 0.5, 0.7)
_RETRIEVAL = (*(f"r1_iou_{threshold}" for threshold in THRESHOLDS), "miou", "map_iou_0.5", "map_iou_0.75", "map")


def metric_names(queries: Sequence[MomentQuery]) -> list[str]:
    """The metrics that `moment_scores` has for these queries."""
    levels = LEVELS if any(_has_highlights(query) for query in queries if query.windows) else ()
    return [*_RETRIEVAL, *(f"HL-min-{level}-{metric}" for level in levels for metric in ("mAP", "Hit1"))]


def _has_highlights(query: MomentQuery) -> bool:
    """Whether the saliency of clips is known, in a video that has a whole clip."""
    return bool(query.saliency) and clip_count(query.duration) > 0


def moment_scores(predictions: Sequence[MomentPrediction]) -> Scores:
    """Scores the predictions of queries whose windows are known; highlights of those whose saliency is, too.

    R@1 is of the most likely span and the best true window, mAP of the ten most likely spans. Annotated videos shorter
    than a clip have no highlights; they are counted.

    Raises:
      UserError: no query has windows.
    """
    scored = [prediction for prediction in predictions if prediction.query.windows]
    if not scored:
        raise UserError(
            f"none of the {len(predictions)} queries has relevant_windows to score against; give annotated queries"
        )
    truths: list[Any] = [prediction.query.windows for prediction in scored]
    found = [[window[:2] for window in prediction.windows] for prediction in scored]
    columns = {
        **grounding_scores([spans[0] for spans in found], truths).table(THRESHOLDS),
        **moment_table(found, truths),
    }
    highlights: dict[str, float] = {}
    salient = {prediction.query.qid: prediction for prediction in scored if _has_highlights(prediction.query)}
    annotated = sum(bool(prediction.query.saliency) for prediction in scored)
    if salient:
        highlights = highlight_scores(
            {qid: prediction.saliency for qid, prediction in salient.items()},  # type: ignore[arg-type]
            [prediction.query.clip_record() for prediction in salient.values()],
        )
    names = metric_names([prediction.query for prediction in scored])
    return Scores(
        {name: np.asarray(columns[name], np.float64) for name in names if name in columns},
        groups=[prediction.query.vid for prediction in scored],
        unit="videos",
        aggregates={name: highlights[name] for name in names if name in highlights},
        details={
            "queries_with_saliency": len(salient),
            "queries_shorter_than_a_clip": annotated - len(salient),
            "queries_without_windows": len(predictions) - len(scored),
            "clips_beyond_end": int(highlights.get("clips_beyond_end", 0)),
            WORDS_CUT: words_cut(predictions),
        },
    )


def words_cut(predictions: Sequence[MomentPrediction]) -> int:
    """Returns the number of queries of which words were cut, see `data.max_words`."""
    return sum("words" in prediction.cuts for prediction in predictions)
