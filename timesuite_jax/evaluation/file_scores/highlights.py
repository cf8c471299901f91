"""Scores highlight detection by the official evaluation of QVHighlights."""

import numpy as np

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.file_scores.request import ScoreRequest
from timesuite_jax.evaluation.file_scores.result import choose_questions, make_result
from timesuite_jax.evaluation.prediction_files.grounding_truth import read_true_windows
from timesuite_jax.evaluation.prediction_files.question_keys import video_name
from timesuite_jax.evaluation.prediction_files.saliency import read_saliency
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.evaluation.result import Result
from timesuite_jax.metrics.highlights import highlight_table


def score_highlights(request: ScoreRequest) -> Result[ScoredUnit]:
    """Scores clip scores; a query without them counts 0."""
    truths = {truth.id: truth for truth in read_true_windows(request.truth)}
    found = read_saliency(request.predictions)
    for truth in truths.values():
        if not {"relevant_clip_ids", "saliency_scores", "duration"} <= truth.record.keys():
            raise UserError(
                f"query {truth.id} of {request.truth} has no relevant_clip_ids, saliency_scores or duration; give the "
                "annotations of QVHighlights as published"
            )
    chosen, missing = choose_questions(request, truths, found)
    records = [{**truth.record, "qid": id} for id, truth in truths.items() if id in chosen]
    silent = {id: [0.0] for id in missing}
    columns, shared, beyond = highlight_table({**silent, **found}, records)
    answered = np.array([record["qid"] in found for record in shared])
    table = {name: np.where(answered, values, 0.0) for name, values in columns.items()}
    units = [
        ScoredUnit(
            id,
            video_name(one.video),
            one.duration,
            sum(abs(b - a) for a, b in one.windows),  # windows are not scored
            sum(one.windows[0]) / 2,
        )
        for id, one in ((record["qid"], truths[record["qid"]]) for record in shared)
    ]
    unknown = [id for id in found if id not in truths]
    details = {"clips_beyond_end": beyond}
    return make_result(request, table, units, missing=missing, unknown=unknown, details=details)
