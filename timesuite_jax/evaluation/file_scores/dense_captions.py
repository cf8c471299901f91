"""Scores dense captions: SODA_c, CIDEr, METEOR, precision, recall and F1."""

import numpy as np

from timesuite_jax.evaluation.breakdown import round_numbers
from timesuite_jax.evaluation.file_scores.request import ScoreRequest
from timesuite_jax.evaluation.file_scores.result import choose_questions, make_result
from timesuite_jax.evaluation.prediction_files.dense_captions import read_dense_captions
from timesuite_jax.evaluation.prediction_files.question_keys import video_name
from timesuite_jax.evaluation.prediction_files.unit import ScoredUnit
from timesuite_jax.evaluation.result import Result
from timesuite_jax.metrics.captions.dense import VideoEvents, dense_caption_scores


def score_dense_captions(request: ScoreRequest) -> Result[ScoredUnit]:
    """Scores the events of each video."""
    videos, unknown = read_dense_captions(request.predictions, request.truth)
    answered = [video.video for video in videos if video.predicted is not None]
    chosen, missing = choose_questions(request, (video.video for video in videos), answered)
    scored = [video for video in videos if video.video in chosen]
    scores = dense_caption_scores(scored, protocol=request.protocol)
    units = [ScoredUnit(video.video, video_name(video.video), _length(video)) for video in scored]
    spans = [(event.start, event.end) for video in scored for event in video.predicted or ()]
    return make_result(
        request,
        {**scores.per_video, "parse_failures": np.array([not video.predicted for video in scored], np.float64)},
        units,
        missing=missing,
        unknown=unknown,
        details={
            "round_numbers": round_numbers(spans),
            "round_numbers_of_truth": round_numbers([(e.start, e.end) for video in scored for e in video.truth]),
        },
        aggregates=scores.corpus,
    )


def _length(video: VideoEvents) -> float:
    """Returns the seconds of a video; the end of its last event where the truth has no duration."""
    return max(event.end for event in video.truth) if video.duration is None else video.duration
