"""CIDEr and METEOR of captions whose events overlap, averaged over IoU thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from timesuite_jax.metrics.captions.cider import cider
from timesuite_jax.metrics.captions.dense.detection import THRESHOLDS
from timesuite_jax.metrics.captions.dense.events import VideoEvents
from timesuite_jax.metrics.captions.meteor import Meteor
from timesuite_jax.metrics.captions.ptb import ptb_tokenize

# Reference of a predicted event that overlaps with no true one. The original draws a random word.
UNMATCHED = "zqxjkvzqxjkv"


@dataclass(frozen=True)
class CaptionPairs:
    """Tokens of paired captions of one video at one threshold."""

    predicted: Sequence[str]
    references: Sequence[str]


def caption_pairs(videos: Sequence[VideoEvents], *, protocol: str) -> list[list[CaptionPairs]]:
    """Pairs each prediction with every true event from an IoU on, for each video and threshold."""
    overlaps = [video.overlaps() for video in videos]
    by_threshold = []
    for threshold in THRESHOLDS:
        texts: tuple[list[str], list[str]] = ([], [])
        counts = []
        for video, overlap in zip(videos, overlaps, strict=True):
            before = len(texts[0])
            for column, event in enumerate(video.predicted or ()):
                matched = [video.truth[row].caption for row in np.flatnonzero(overlap[:, column] >= threshold).tolist()]
                for reference in matched or [UNMATCHED]:
                    texts[0].append(event.caption)
                    texts[1].append(reference)
            counts.append(len(texts[0]) - before)
        predicted, references = (ptb_tokenize(side, protocol=protocol) for side in texts)
        ends = np.cumsum(counts).tolist()
        pieces = zip([0, *ends], ends, strict=False)
        by_threshold.append([CaptionPairs(predicted[a:b], references[a:b]) for a, b in pieces])
    return [list(each) for each in zip(*by_threshold, strict=True)]


def caption_scores(pairs: Sequence[CaptionPairs], meteor: Meteor) -> tuple[float, float]:
    """Returns CIDEr and METEOR of one video, means over thresholds; 0 where there are no words to compare.

    CIDEr counts n-grams over the pairs of this video and threshold, METEOR adds the statistics of all pairs.
    """
    ciders, meteors = [], []
    for each in pairs:
        references = [[reference] for reference in each.references]
        ciders.append(float(cider(each.predicted, references).mean()) if any(each.references) else 0.0)
        meteors.append(meteor.corpus_score(each.predicted, references))
    return float(np.mean(ciders)), float(np.mean(meteors))
