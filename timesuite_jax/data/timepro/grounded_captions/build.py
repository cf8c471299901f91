"""Makes the questions of Temporal Grounded Caption from captioned clips (TimeSuite, arXiv:2410.19702).

1. Clips of moderate length with a detailed caption are kept.
2. Their captions are shortened to titles of scenes.
3. Titles that do not single out their clip among all captioned clips of the video are dropped.
4. What is left becomes a question for the time of the titled scene and a detailed description of it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.annotation import Annotation
from timesuite_jax.data.timepro.grounded_captions.clips import CaptionedClip, clips_of
from timesuite_jax.data.timepro.grounded_captions.key_clause import KeyClause
from timesuite_jax.data.timepro.grounded_captions.rules import CaptionRules, Similarity, Summariser
from timesuite_jax.data.timepro.grounded_captions.word_overlap import word_overlap
from timesuite_jax.data.timepro.grounded_captions.words import words
from timesuite_jax.data.timepro.source_entry import GroundedQuery, SourceEntry
from timesuite_jax.data.timepro.tasks import annotate

TASK = "temporal_grounded_caption"


@dataclass(frozen=True)
class GroundedCaptions:
    """The questions, in the order of the videos, and why other clips have none.

    Attributes:
      annotations: one a question.
      dropped: clips by reason.
    """

    annotations: tuple[Annotation, ...]
    dropped: Counter[str]


def build_grounded_captions(
    entries: Iterable[SourceEntry],
    rules: CaptionRules,
    *,
    seed: int = 0,
    summarise: Summariser | None = None,
    similarity: Similarity = word_overlap,
) -> GroundedCaptions:
    """Makes questions about the titled scenes of videos.

    Args:
      entries: captioned clips; those of one video may be anywhere among them.
      rules: which clips become questions.
      seed: chooses the wording of each question.
      summarise: makes titles; None: `KeyClause`.
      similarity: compares titles with titles and captions; `rules.max_similarity` is on its scale.

    Raises:
      UserError: an entry has no captions of clips.
    """
    videos: dict[tuple[str, Span | None], list[tuple[SourceEntry, CaptionedClip]]] = defaultdict(list)
    for entry in entries:
        for clip in clips_of(entry):
            videos[entry.video, entry.clip].append((entry, clip))
    summarise = summarise or KeyClause(min_words=rules.min_title_words)
    dropped: Counter[str] = Counter()
    annotations = []
    for found in videos.values():
        unique = list({(clip.start, clip.end, clip.caption): (entry, clip) for entry, clip in found}.values())
        dropped["duplicate"] += len(found) - len(unique)
        clips = [clip for _, clip in unique]
        titles = [clip.title or summarise(clip.caption).strip() for clip in clips]
        reasons = [_unusable(clip, entry.duration, rules) for entry, clip in unique]
        unclear = _unclear(titles, clips, rules, similarity) if not all(reasons) else reasons
        for (entry, clip), title, *why in zip(unique, titles, reasons, unclear, strict=True):
            if reason := next(filter(None, why), ""):
                dropped[reason] += 1
                continue
            assert clip.end is not None
            content = GroundedQuery(title, ((clip.start, clip.end),), clip.caption.strip())
            made = SourceEntry(len(annotations), entry.location, entry.video, TASK, content, entry.clip)
            annotations.append(annotate(made, seed))
    return GroundedCaptions(tuple(annotations), +dropped)


def _unusable(clip: CaptionedClip, duration: float | None, rules: CaptionRules) -> str:
    """Why a clip cannot become a question; "" if it can."""
    if clip.end is None:
        return "no_end"
    seconds = clip.end - clip.start
    if seconds <= 0:
        return "reversed"
    if clip.start < 0 or (duration is not None and clip.start >= duration):
        return "outside"
    if seconds < rules.min_seconds:
        return "too_short"
    if seconds > rules.max_seconds or (duration is not None and seconds > rules.max_share * duration):
        return "too_long"
    return "short_caption" if len(words(clip.caption)) < rules.min_caption_words else ""


def _unclear(
    titles: Sequence[str], clips: Sequence[CaptionedClip], rules: CaptionRules, similarity: Similarity
) -> list[str]:
    """Why titles do not single out their clips among all clips of a video; "" where they do."""
    captions = [clip.caption for clip in clips]
    scores = np.asarray(similarity(titles, [*titles, *captions]))
    with_titles, with_captions = scores[:, : len(titles)].copy(), scores[:, len(titles) :].copy()
    own = np.diagonal(with_captions).copy()
    np.fill_diagonal(with_titles, -np.inf)
    np.fill_diagonal(with_captions, -np.inf)
    reasons = []
    for number, title in enumerate(titles):
        if len(words(title)) < rules.min_title_words:
            reasons.append("no_title")
        elif with_titles[number].max() >= rules.max_similarity:
            reasons.append("ambiguous_title")
        else:
            reasons.append("fits_another_clip" if with_captions[number].max() >= own[number] else "")
    return reasons
