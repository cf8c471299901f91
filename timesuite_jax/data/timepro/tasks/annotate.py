"""Makes the question and answer of an entry of an annotation file."""

import hashlib
from collections.abc import Sequence

from timesuite_jax.data.timepro.annotation import AnnotatedSpans, Annotation
from timesuite_jax.data.timepro.source_entry import (
    Action,
    Content,
    Dialogue,
    GroundedQuery,
    Highlights,
    SourceEntry,
    TimedEvents,
)
from timesuite_jax.data.timepro.tasks.dialogue import spans_of_dialogue
from timesuite_jax.data.timepro.tasks.table import TASKS
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn


def annotate(entry: SourceEntry, seed: int) -> Annotation:
    """Writes an entry as a question and an answer of its task; a dialogue stays as it is.

    Which of the task's wordings it gets depends on the seed, the task, the video and the number of the entry alone.

    Args:
      entry: what a source annotates.
      seed: any integer.

    Raises:
      UserError: an unknown task, or one that such an annotation cannot be written for.
    """
    if entry.task not in TASKS:
        raise UserError(f"{entry.location}: unknown task {entry.task!r}; known: {', '.join(TASKS)}")
    content = entry.content
    if isinstance(content, Dialogue):
        spans = spans_of_dialogue(content, entry.task)
        return Annotation(entry.number, entry.video, content.turns, entry.task, entry.clip, spans)
    wordings = _wordings(entry, content)
    key = f"{seed} {entry.task} {entry.number} {entry.video}".encode(errors="surrogatepass")
    chosen = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest()) % len(wordings)
    return Annotation(
        entry.number,
        entry.video,
        (wordings[chosen],),
        entry.task,
        entry.clip,
        _spans(content),
        content=content,
        wording=chosen,
    )


def _wordings(entry: SourceEntry, content: Content) -> Sequence[Turn]:
    task = TASKS[entry.task]
    if task.content is None or not isinstance(content, task.content):
        possible = ", ".join(name for name, other in TASKS.items() if other.content is type(content))
        remedy = f"choose one of {possible}"
        if entry.task == "temporal_grounded_caption" and isinstance(content, TimedEvents):
            remedy = (
                "make titles of its clips with `timesuite data captions` and build a corpus of the file that it "
                "writes, or choose --task dense_video_captioning"
            )
        raise UserError(
            f"{entry.location}: {entry.task} is not a task for the annotation of {entry.video} "
            f"({type(content).__name__}); {remedy}"
        )
    return task.wordings(content)


def _spans(content: Content) -> AnnotatedSpans:
    """The true windows of a single question, and the other times in its answer."""
    if isinstance(content, GroundedQuery):
        return AnnotatedSpans(content.spans, (0,) * len(content.spans))
    if isinstance(content, Highlights):
        moments = tuple((time, time) for time in content.times)
        return AnnotatedSpans(content.spans, (0,) * len(content.spans), moments)
    events = () if isinstance(content, Dialogue | Action) else content.events
    return AnnotatedSpans(
        written=tuple((event.start, event.start if event.end is None else event.end) for event in events)
    )
