"""One score for each clip of two seconds, as answers about highlights state them."""

from timesuite_jax.data.timepro.source_entry import Highlights
from timesuite_jax.data.timepro.tasks import TASKS
from timesuite_jax.metrics.highlights import CLIP_SECONDS, clip_count
from timesuite_jax.text import parse_spans
from timesuite_jax.text.upstream_answers import upstream_highlight_scores

_READ = TASKS["highlight_detection"].parse


def read_clip_scores(text: str, duration: float) -> tuple[float, ...]:
    """Reads moments with their saliency as training data have them, else the spans of the answer, all with score 1.

    Args:
      text: answer of the model.
      duration: seconds of the video.

    Returns:
      A score for each clip, 0 where the answer states none; empty if it states no moment at all. Moments beyond the
      video are left out; of several in one clip the highest counts.
    """
    scores = [0.0] * clip_count(duration)
    listed = _READ(text.strip())
    if isinstance(listed, Highlights):
        moments = [(int(time // CLIP_SECONDS), score) for time, score in zip(listed.times, listed.scores, strict=True)]
    else:
        moments = [
            (clip, 1.0)
            for span in parse_spans(text, duration=duration)
            for clip in range(len(scores))
            if clip * CLIP_SECONDS < span.end and span.start < (clip + 1) * CLIP_SECONDS
        ]
    within = [(clip, score) for clip, score in moments if 0 <= clip < len(scores)]
    for clip, score in within:
        scores[clip] = max(scores[clip], score)
    return tuple(scores) if within else ()


def read_upstream_scores(text: str, duration: float) -> tuple[float, ...]:
    """Reads the scores as the original's parser does; empty where that raises or finds no moment."""
    found = upstream_highlight_scores(text, duration).value
    scores = tuple(found[1]) if found else ()
    return scores if any(scores) else ()


def read_moments(text: str) -> tuple[float, ...]:
    """Reads the seconds of the moments that an answer lists, as training data have them; none of another answer."""
    listed = _READ(text.strip())
    return listed.times if isinstance(listed, Highlights) else ()
