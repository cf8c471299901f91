"""True windows of questions about videos: COCO-style files, TimeLens-Bench, QVHighlights, Charades-STA's text."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.prediction_files.json_content import read_json_content

_CHARADES = re.compile(r"(\S+) (\d+(?:\.\d+)?) (\d+(?:\.\d+)?)##(.+)")


@dataclass(frozen=True)
class TrueWindows:
    """A question with its true windows in seconds; `record` is its entry in the file."""

    id: str
    video: str
    query: str
    windows: tuple[tuple[float, float], ...]
    duration: float | None
    record: Mapping[str, Any]

    @property
    def reversed(self) -> tuple[float, float] | None:
        """The first window that ends before it starts; None if there is none."""
        return next((window for window in self.windows if window[1] < window[0]), None)


def read_true_windows(path: Path) -> list[TrueWindows]:
    """Reads questions with at least one true window.

    Raises:
      UserError: the file has none of the known forms, an entry has no window, or an id occurs twice.
    """
    questions = list(_questions(path))
    if not questions:
        raise UserError(f"{path} contains no question; give a file of true windows")
    seen: set[str] = set()
    for question in questions:
        if not question.windows:
            raise UserError(f"question {question.id} of {path} has no true window; leave it out")
        if question.id in seen:
            raise UserError(f"question id {question.id} occurs twice in {path}; give each its own")
        seen.add(question.id)
    return questions


def _questions(path: Path) -> Iterator[TrueWindows]:
    if path.suffix == ".txt":
        yield from _charades(path)
        return
    content = read_json_content(path)
    if isinstance(content, Mapping) and "annotations" not in content and "qid" not in content:
        yield from _timelens(content, path)
        return
    entries = content.get("annotations", [content]) if isinstance(content, Mapping) else content
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise UserError(f'{path} contains no questions; give {{"annotations": [...]}}, a list, or JSON Lines')
    for number, entry in enumerate(entries):
        try:
            windows = entry.get("relevant_windows", entry.get("timestamp", entry.get("windows")))
            id = entry.get("qid", entry.get("id", number))
            video = entry.get("vid", entry.get("image_id", entry.get("video")))
            query = entry.get("query", entry.get("caption", entry.get("question", "")))
            duration = entry.get("duration")
            yield TrueWindows(
                str(id), str(video), str(query), _windows(windows), None if duration is None else float(duration), entry
            )
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            raise UserError(f"entry {number} of {path} has no windows [start, end] in seconds; correct it") from error


def _windows(value: Any) -> tuple[tuple[float, float], ...]:
    """Returns windows as numbers.

    Raises:
      ValueError: a window is not two finite numbers.
    """
    pairs = [value] if value and not isinstance(value[0], Sequence) else value
    windows = tuple((float(start), float(end)) for start, end in pairs)
    if not all(math.isfinite(edge) for window in windows for edge in window):
        raise ValueError(f"windows {windows} are not finite")
    return windows


def _timelens(content: Mapping[str, Any], path: Path) -> Iterator[TrueWindows]:
    number = 0
    for video, entry in content.items():
        try:
            pairs = list(zip(entry["queries"], entry["spans"], strict=True))
            duration = float(entry["duration"])
            for query, span in pairs:
                yield TrueWindows(str(number), video, str(query), _windows(span), duration, entry)
                number += 1
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise UserError(
                f"video {video} of {path} has no duration, or not one span for each of its queries; correct it"
            ) from error


def _charades(path: Path) -> Iterator[TrueWindows]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path} as text in UTF-8; give a file with `VIDEO start end##sentence`") from error
    for number, line in enumerate(lines):
        if line.strip():
            if not (found := _CHARADES.fullmatch(line.strip())):
                raise UserError(f"line {number + 1} of {path} is not `VIDEO start end##sentence`; correct it")
            window = (float(found[2]), float(found[3]))
            yield TrueWindows(str(number), found[1], found[4], (window,), None, {})
