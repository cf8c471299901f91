"""From a query to a sample: features of its video and its words, windows, levels of saliency."""

import dataclasses

import numpy as np
from jaxtyping import Float32

from timesuite_jax.internvideo2.grounding.moment_query import MomentQuery
from timesuite_jax.internvideo2.grounding.query_features import ReadQuery
from timesuite_jax.internvideo2.grounding.video_features import FeatureFolder
from timesuite_jax.metrics.highlights import CLIP_SECONDS


@dataclasses.dataclass(frozen=True)
class GroundingSample:
    """A query of a batch.

    Attributes:
      video: features of the video.
      times: start and end of each row, fractions of the duration.
      query: features of the words.
      windows: centre and width of each true window, fractions of the duration; none where they are unknown.
      level: 0 for rows outside the windows; within, 1 more than the mean of the annotators' scores.
      cuts: what was left out: "words", "windows".
    """

    video: Float32[np.ndarray, "rows D"]
    times: Float32[np.ndarray, "rows 2"]
    query: Float32[np.ndarray, "words D_query"]
    windows: Float32[np.ndarray, "windows 2"]
    level: Float32[np.ndarray, " rows"]
    cuts: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class SampleMaker:
    """Makes a sample of a query, see `data.corpora.sample.CachedMakeSample`.

    Attributes:
      videos: features of videos.
      words: features of queries.
      max_words: of a query.
      max_windows: of a query, of which others are left out at random.
    """

    videos: FeatureFolder
    words: ReadQuery
    max_words: int
    max_windows: int

    def prepare(self, record: MomentQuery) -> GroundingSample:
        """The sample with all windows.

        Raises:
          UserError: features are missing or do not fit.
        """
        video, times = self.videos.read(record)
        words = self.words(record)
        cuts = ("words",) if len(words) > self.max_words else ()
        edges = np.asarray(record.windows or np.zeros((0, 2)), np.float64) / record.duration
        windows = np.stack([edges.mean(1), edges[:, 1] - edges[:, 0]], axis=1).astype(np.float32)
        return GroundingSample(video, times, words[: self.max_words], windows, row_levels(record, times), cuts)

    def finish(self, prepared: GroundingSample, rng: np.random.Generator) -> GroundingSample:
        """The sample with as many windows as a batch can have."""
        count = len(prepared.windows)
        if count <= self.max_windows:
            return prepared
        kept = np.sort(rng.permutation(count)[: self.max_windows])
        return dataclasses.replace(prepared, windows=prepared.windows[kept], cuts=(*prepared.cuts, "windows"))

    def __call__(self, record: MomentQuery, rng: np.random.Generator) -> GroundingSample:
        """The sample of one visit.

        Raises:
          UserError: features are missing or do not fit.
        """
        return self.finish(self.prepare(record), rng)


def row_levels(query: MomentQuery, times: Float32[np.ndarray, "rows 2"]) -> Float32[np.ndarray, " rows"]:
    """How salient the rows of a video are by the annotation; see `GroundingSample.level`.

    A row has the scores of the clip in which its middle is. Without scores, rows whose middle is in a window have level
    1.
    """
    middles = times.astype(np.float64).mean(axis=1) * query.duration
    if query.saliency is None:
        inside = [any(start <= middle < end for start, end in query.windows or ()) for middle in middles]
        return np.asarray(inside, np.float32)
    levels = {clip: 1.0 + float(np.mean(scores)) for clip, scores in query.saliency.items()}
    return np.asarray([levels.get(int(middle // CLIP_SECONDS), 0.0) for middle in middles], np.float32)
