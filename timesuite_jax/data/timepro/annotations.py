"""Reads TimePro annotations: the JSON files of VideoChat2-IT, TimeIT and TimeSuite.

A file is a list of `{"video": "path", "QA": [{"i": "...", "q": "...", "a": "..."}, ...], "start": s, "end": s}`, or has
one such object a line; `i`, `start` and `end` are optional. So are two fields of our own: `task`, which otherwise comes
from the command line, and `spans` ([[start, end], ...]), the true windows, of one question (`QA[i].spans`) or of the
record. Without `spans`, those of grounding tasks are parsed from the answers; `"spans": []` states that there is none.

Seconds in answers and `spans` count from the start of the clip (`start`), like the time stamps that the model sees.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from timesuite_jax.counted import counted
from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.annotated_spans import ReportField, find_spans, is_seconds
from timesuite_jax.data.timepro.annotation import Annotation
from timesuite_jax.data.timepro.annotation_file import is_text, kind, load_entries
from timesuite_jax.data.timepro.tasks import TASKS
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn

_MAX_SHOWN_ERRORS = 10


def read_annotations(path: str | Path, task: str) -> list[Annotation]:
    """Reads and checks an annotation file.

    Args:
      path: the JSON file.
      task: of entries without a task of their own; one of `TASKS`.

    Raises:
      UserError: no such task or file, not JSON, or entries with wrong fields (the first ten are listed).
    """
    return check_entries(Path(path), load_entries(Path(path)), task)


def check_entries(path: Path, entries: Sequence[Any], task: str) -> list[Annotation]:
    """Checks the entries of an annotation file.

    Args:
      path: the file, for messages.
      entries: JSON values.
      task: of entries without a task of their own; one of `TASKS`.

    Raises:
      UserError: no such task, or entries with wrong fields (the first ten are listed).
    """
    if task not in TASKS:
        raise UserError(f"unknown task {task!r}; known: {', '.join(TASKS)}")
    errors: list[str] = []
    annotations = [_check(entry, number, task, errors) for number, entry in enumerate(entries)]
    if errors:
        more = f" and {len(errors) - _MAX_SHOWN_ERRORS} more" if len(errors) > _MAX_SHOWN_ERRORS else ""
        listed = "; ".join(errors[:_MAX_SHOWN_ERRORS]) + more
        raise UserError(f"{path} has {counted(len(errors), 'wrong field')}: {listed}; correct the file")
    return [annotation for annotation in annotations if annotation is not None]


def _check(entry: Any, number: int, task: str, errors: list[str]) -> Annotation | None:
    before = len(errors)

    def wrong(field: str, problem: str) -> None:
        errors.append(f"record {number}, {field}: {problem}")

    if not isinstance(entry, Mapping):
        wrong("record", f"is a {kind(entry)}, not an object")
        return None
    video: Any = entry.get("video")
    if not is_text(video) or not video or "\0" in video:
        wrong("video", "is missing" if video is None else f"is {video!r}, not a path")
    own = entry.get("task", task)
    if isinstance(own, str) and own in TASKS:
        task = own
    else:
        wrong("task", f"is {own!r}, unknown")
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
            if not is_text(value) or (key == "a" and not value.strip()):
                wrong(f"QA[{index}].{key}", "is missing" if value is None else f"is {value!r}")
        question, answer, instruction = (str(text) if is_text(text := pair.get(key)) else "" for key in "qai")
        turns.append(Turn(question, answer, instruction if index == 0 else ""))
    return tuple(turns)


def _has_clip(entry: Mapping) -> bool:
    return entry.get("start") is not None or entry.get("end") is not None


def _clip(start: Any, end: Any, wrong: ReportField) -> Span | None:
    if not (is_seconds(start) and is_seconds(end) and 0 <= start < end):
        wrong("start and end", f"is {[start, end]!r}, not two seconds in order")
        return None
    return float(start), float(end)
