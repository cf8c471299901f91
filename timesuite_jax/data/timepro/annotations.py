"""Reads TimePro annotations: the JSON files of VideoChat2-IT, TimeIT and TimeSuite.

A file is a list of `{"video": "path", "QA": [{"i": "...", "q": "...", "a": "..."}, ...], "start": s, "end": s}`; `i`,
`start` and `end` are optional. So are two fields of our own, `task` and `spans` ([[start, end], ...]); without them the
task comes from the command line, and the spans of grounding tasks are parsed from the answers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn
from timesuite_jax.text.timestamps import parse_spans

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
_TASKS_WITH_SPANS = ("temporal_video_grounding", "multi_format_temporal_grounding", "temporal_grounded_caption")
_MAX_SHOWN_ERRORS = 10


@dataclass(frozen=True)
class Annotation:
    """One checked entry; `number` is its index in the file."""

    number: int
    video: str
    turns: tuple[Turn, ...]
    task: str
    clip: tuple[float, float] | None
    spans: tuple[tuple[float, float], ...]


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
    entries = _load(path)
    errors: list[str] = []
    annotations = [_check(entry, number, task, errors) for number, entry in enumerate(entries)]
    if errors:
        more = f" and {len(errors) - _MAX_SHOWN_ERRORS} more" if len(errors) > _MAX_SHOWN_ERRORS else ""
        raise UserError(
            f"{path} has {len(errors)} wrong fields: {'; '.join(errors[:_MAX_SHOWN_ERRORS])}{more}; correct the file"
        )
    return [annotation for annotation in annotations if annotation is not None]


def _load(path: Path) -> list[Any]:
    if not path.is_file():
        raise UserError(f"there is no annotation file {path}; check the path")
    text = path.read_bytes()
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        if len(text) < 4096 and b"/" in text and b"\n" not in text.strip() and text.strip()[:1] not in b"[{":
            raise UserError(
                f"{path} contains only a path ({text.decode(errors='replace').strip()[:60]}...): it is the text of a "
                "symbolic link; download the file itself"
            ) from error
        raise UserError(f"{path} is not JSON ({error}); download it again or correct it") from error
    if not isinstance(entries, list):
        raise UserError(
            f"{path} contains a JSON {_kind(entries)}, not a list of records with video and QA; "
            "give an instruction file in the format of VideoChat2-IT"
        )
    if not entries:
        raise UserError(f"{path} contains no records; give a file with at least one")
    return entries


def _check(entry: Any, number: int, task: str, errors: list[str]) -> Annotation | None:
    before = len(errors)

    def wrong(field: str, problem: str) -> None:
        errors.append(f"record {number}, {field}: {problem}")

    if not isinstance(entry, Mapping):
        wrong("record", f"is a {_kind(entry)}, not an object")
        return None
    video: Any = entry.get("video")
    if not _is_text(video) or not video or "\0" in video:
        wrong("video", "is missing" if video is None else f"is {video!r}, not a path")
    task = entry.get("task", task)
    if not isinstance(task, str) or task not in TASKS:
        wrong("task", f"is {task!r}, unknown")
    turns = _turns(entry.get("QA"), wrong)
    clip = _pair((entry.get("start"), entry.get("end")), "start and end", wrong) if _has_clip(entry) else None
    given = entry.get("spans")
    if given is not None and not isinstance(given, list):
        wrong("spans", "is not a list of [start, end]")
    spans = [_pair(span, "spans", wrong) for span in given] if isinstance(given, list) else None
    if len(errors) > before:
        return None
    if spans is None and task in _TASKS_WITH_SPANS:
        spans = [(span.start, span.end) for span in parse_spans(turns[0].answer or "")]
    return Annotation(number, str(video), turns, task, clip, tuple(span for span in spans or () if span is not None))


def _turns(questions: Any, wrong) -> tuple[Turn, ...]:
    if not isinstance(questions, list) or not questions:
        wrong("QA", "is missing or empty")
        return ()
    turns = []
    for index, pair in enumerate(questions):
        if not isinstance(pair, Mapping):
            wrong(f"QA[{index}]", f"is a {_kind(pair)}, not an object")
            continue
        for key, needed in (("i", False), ("q", True), ("a", True)):
            value = pair.get(key, None if needed else "")
            if not _is_text(value) or (key == "a" and not value.strip()):
                wrong(f"QA[{index}].{key}", "is missing" if value is None else f"is {value!r}")
        question: Any = pair.get("q")
        turns.append(Turn(question, pair.get("a"), pair.get("i", "") if index == 0 else ""))
    return tuple(turns)


def _has_clip(entry: Mapping) -> bool:
    return entry.get("start") is not None or entry.get("end") is not None


def _pair(values: Any, field: str, wrong) -> tuple[float, float] | None:
    numbers = isinstance(values, list | tuple) and len(values) == 2 and all(_is_number(v) for v in values)
    if not numbers or not 0 <= values[0] <= values[1] or (field != "spans" and values[0] == values[1]):
        wrong(field, f"is {list(values) if isinstance(values, tuple) else values!r}, not two seconds in order")
        return None
    return float(values[0]), float(values[1])


def _is_text(value: Any) -> bool:
    """Whether a value is a string that UTF-8 can encode: JSON can contain lone surrogates ("\\ud800")."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value and value < 1e9


def _kind(value: Any) -> str:
    return {dict: "object", list: "list", str: "string", type(None): "null"}.get(type(value), "number")
