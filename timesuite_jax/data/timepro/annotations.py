"""Reads TimePro annotations: the JSON files of VideoChat2-IT, TimeIT and TimeSuite.

A file is a list of `{"video": "path", "QA": [{"i": "...", "q": "...", "a": "..."}, ...], "start": s, "end": s}`, or has
one such object a line; `i`, `start` and `end` are optional. So are two fields of our own: `task`, which otherwise comes
from the command line, and `spans` ([[start, end], ...]), the true windows, of one question (`QA[i].spans`) or of the
record. Without `spans`, those of grounding tasks are parsed from the answers; `"spans": []` states that there is none.

Seconds in answers and `spans` count from the start of the clip (`start`), like the time stamps that the model sees.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.annotated_spans import AnnotatedSpans, ReportField, find_spans, is_seconds
from timesuite_jax.data.timepro.annotation_file import kind, load_entries
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn

# The nine tasks of TimePro (TimeSuite, figure 3), and those without times that are mixed with them.
TASKS = {
    "temporal_video_grounding": "when the described event happens",
    "multi_format_temporal_grounding": "the same, worded in many ways",
    "reasoning_temporal_localization": "when, for a question that needs reasoning, and why",
    "temporal_grounded_caption": "when a titled scene happens, and what happens in it",
    "dense_video_captioning": "all events with their times",
    "step_localization": "all steps of a procedure with their times",
    "highlight_detection": "moments that match a query, with saliency",
    "video_summarization": "moments that summarise the video, with saliency",
    "transcribed_speech_generation": "transcript of the speech, with times",
    "conversation": "a conversation about a video, without times",
    "caption": "description of a video, without times",
    "question_answering": "short answers, without times",
}
_MAX_SHOWN_ERRORS = 10


@dataclass(frozen=True)
class Annotation:
    """One checked entry; `number` is its index in the file."""

    number: int
    video: str
    turns: tuple[Turn, ...]
    task: str
    clip: Span | None
    spans: AnnotatedSpans


def read_annotations(path: str | Path, task: str) -> list[Annotation]:
    """Reads and checks an annotation file.

    Args:
      path: the JSON file.
      task: of entries without a task of their own; one of `TASKS`.

    Raises:
      UserError: no such task or file, not JSON, or entries with wrong fields (the first ten are listed).
    """
    path = Path(path)
    if task not in TASKS:
        raise UserError(f"unknown task {task!r}; known: {', '.join(TASKS)}")
    entries = load_entries(path)
    errors: list[str] = []
    annotations = [_check(entry, number, task, errors) for number, entry in enumerate(entries)]
    if errors:
        more = f" and {len(errors) - _MAX_SHOWN_ERRORS} more" if len(errors) > _MAX_SHOWN_ERRORS else ""
        raise UserError(
            f"{path} has {len(errors)} wrong fields: {'; '.join(errors[:_MAX_SHOWN_ERRORS])}{more}; correct the file"
        )
    return [annotation for annotation in annotations if annotation is not None]


def _check(entry: Any, number: int, task: str, errors: list[str]) -> Annotation | None:
    before = len(errors)

    def wrong(field: str, problem: str) -> None:
        errors.append(f"record {number}, {field}: {problem}")

    if not isinstance(entry, Mapping):
        wrong("record", f"is a {kind(entry)}, not an object")
        return None
    video: Any = entry.get("video")
    if not _is_text(video) or not video or "\0" in video:
        wrong("video", "is missing" if video is None else f"is {video!r}, not a path")
    task = entry.get("task", task)
    if not isinstance(task, str) or task not in TASKS:
        wrong("task", f"is {task!r}, unknown")
    turns = _turns(entry.get("QA"), wrong)
    clip = _clip(entry.get("start"), entry.get("end"), wrong) if _has_clip(entry) else None
    spans = find_spans(entry, turns, task, wrong)
    return Annotation(number, str(video), turns, task, clip, spans) if len(errors) == before else None


def _turns(questions: Any, wrong: ReportField) -> tuple[Turn, ...]:
    if not isinstance(questions, list) or not questions:
        wrong("QA", "is missing or empty")
        return ()
    turns = []
    for index, pair in enumerate(questions):
        if not isinstance(pair, Mapping):
            wrong(f"QA[{index}]", f"is a {kind(pair)}, not an object")
            continue
        for key, needed in (("i", False), ("q", True), ("a", True)):
            value = pair.get(key, None if needed else "")
            if not _is_text(value) or (key == "a" and not value.strip()):
                wrong(f"QA[{index}].{key}", "is missing" if value is None else f"is {value!r}")
        question, answer, instruction = (str(text) if _is_text(text := pair.get(key)) else "" for key in "qai")
        turns.append(Turn(question, answer, instruction if index == 0 else ""))
    return tuple(turns)


def _has_clip(entry: Mapping) -> bool:
    return entry.get("start") is not None or entry.get("end") is not None


def _clip(start: Any, end: Any, wrong: ReportField) -> Span | None:
    if not (is_seconds(start) and is_seconds(end) and 0 <= start < end):
        wrong("start and end", f"is {[start, end]!r}, not two seconds in order")
        return None
    return float(start), float(end)


def _is_text(value: Any) -> bool:
    """Whether a value is a string that UTF-8 can encode: JSON can contain lone surrogates ("\\ud800")."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)
