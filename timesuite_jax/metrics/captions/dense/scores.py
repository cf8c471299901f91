"""Scores of dense captions: TimeSuite's (from TimeChat and Vid2Seq), each video's and their means.

Captions of overlapping events by CIDEr and METEOR, events by precision, recall and F1, both by SODA_c, and paragraphs
of all captions by CIDEr and METEOR.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from timesuite_jax.errors import UserError
from timesuite_jax.metrics.captions.dense.detection import detection_scores
from timesuite_jax.metrics.captions.dense.event_captions import caption_pairs, caption_scores
from timesuite_jax.metrics.captions.dense.events import Event, VideoEvents
from timesuite_jax.metrics.captions.dense.paragraphs import paragraph_cider, paragraphs
from timesuite_jax.metrics.captions.dense.soda import soda_c
from timesuite_jax.metrics.captions.meteor import Meteor
from timesuite_jax.metrics.captions.ptb import ptb_tokenize


@dataclass(frozen=True)
class DenseCaptionScores:
    """Scores of N videos.

    Attributes:
      per_video: one value a video by metric; the metric is their mean.
      corpus: metrics of all videos together.
    """

    per_video: Mapping[str, Float[np.ndarray, " N"]]
    corpus: Mapping[str, float]

    def summary(self) -> dict[str, float]:
        """Returns all metrics, CIDEr from 0 to 10 and the others from 0 to 1."""
        return {**{name: float(values.mean()) for name, values in self.per_video.items()}, **self.corpus}


def dense_caption_scores(
    videos: Sequence[VideoEvents], *, protocol: str = "default", meteor: Meteor | None = None
) -> DenseCaptionScores:
    """Scores the predicted events of videos; a video without predictions scores 0.

    METEOR and what uses it are named after its modules where synonyms or paraphrases are missing
    ("soda_c_meteor_exact_stem").

    Args:
      videos: events of all videos of the ground truth.
      protocol: "paper" reproduces the errors of TimeSuite's scorer: SODA_c of more than ten predictions, paragraphs
        after an absent video, captions after one with a line break.
      meteor: None for what is installed.

    Raises:
      UserError: there are no videos, a name occurs twice, or a video has no true event.
    """
    _check(videos)
    pairs = caption_pairs(videos, protocol=protocol)
    sides = ([event.caption for events in side for event in events] for side in _sides(videos))
    predicted, truth = (ptb_tokenize(side, protocol=protocol) for side in sides)
    texts = paragraphs(videos, protocol=protocol)
    if meteor is None:
        tokens = (text for each in pairs for one in each for text in (*one.predicted, *one.references))
        meteor = Meteor.installed([*predicted, *truth, *tokens, *(text for side in texts for text in side)])
    next_predicted, next_true = iter(predicted), iter(truth)
    rows = []
    for video, each in zip(videos, pairs, strict=True):
        overlaps = video.overlaps()
        own = [next(next_true) for _ in video.truth], [next(next_predicted) for _ in video.predicted or ()]
        in_cider, in_meteor = caption_scores(each, meteor)
        rows.append(
            {
                "cider": in_cider,
                meteor.name: in_meteor,
                _named("soda_c", meteor): soda_c(overlaps, *own, meteor, protocol=protocol),
                **detection_scores(overlaps),
                "events": float(len(video.predicted or ())),
            }
        )
    per_video = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    corpus = {f"paragraph_{meteor.name}": meteor.corpus_score(texts[0], [[one] for one in texts[1]])}
    by_paragraph = paragraph_cider(*texts)
    if len(by_paragraph) == len(videos):
        per_video["paragraph_cider"] = by_paragraph
    else:
        corpus["paragraph_cider"] = float(by_paragraph.mean()) if len(by_paragraph) else 0.0
    return DenseCaptionScores(per_video, corpus)


def dense_caption_metrics() -> tuple[str, ...]:
    """Returns the names of the metrics of `dense_caption_scores`, which depend on what METEOR finds installed."""
    event = Event(0.0, 1.0, "")
    return tuple(dense_caption_scores([VideoEvents("", [event], [event])], meteor=Meteor.installed(())).summary())


def _named(metric: str, meteor: Meteor) -> str:
    return metric if meteor.name == "meteor" else f"{metric}_{meteor.name}"


def _sides(videos: Sequence[VideoEvents]) -> tuple[list, list]:
    return [video.predicted or () for video in videos], [video.truth for video in videos]


def _check(videos: Sequence[VideoEvents]) -> None:
    if not videos:
        raise UserError("there are no videos to score; give the ground truth of at least one")
    names = [video.video for video in videos]
    for video in videos:
        if not video.truth:
            raise UserError(f"video {video.video} has no true event; leave it out of the ground truth")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"video {twice} occurs twice in the ground truth; merge its entries")
