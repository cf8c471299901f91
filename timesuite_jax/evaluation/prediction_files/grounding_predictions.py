"""Predicted windows of questions: the forms of the original, of lmms-eval, of TimeLens and of QVHighlights."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.prediction_files.grounding_truth import TrueWindows
from timesuite_jax.evaluation.prediction_files.json_content import read_json_content
from timesuite_jax.evaluation.prediction_files.question_keys import question_key, split_key
from timesuite_jax.text import denies_event, parse_spans

Window = tuple[float, ...]
_WINDOWS = ("pred_relevant_windows", "timestamps", "timestamp")
# Fields of a prediction, best first. Those that ground truth has too come last: rows may contain both.
_FIELDS = (
    *("pred_relevant_windows", "timestamps", "prediction", "pred", "response", "filtered_resps", "answers", "output"),
    *("answer", "timestamp"),
)
FORMS = (
    '{id: {"timestamp": [[start, end]]}}, {"video>>>query>>>span": answer}, '
    '{"video>>>query>>>span": {"timestamps", "answers"}} or lines {"qid", "pred_relevant_windows"}'
)


@dataclass(frozen=True)
class PredictedWindows:
    """Windows of an answer, as (start, end) or (start, end, score); `absent` where it denies the event."""

    windows: tuple[Window, ...]
    absent: bool = False


def read_predicted_windows(path: Path, truths: Sequence[TrueWindows]) -> tuple[dict[str, PredictedWindows], list[str]]:
    """Reads predictions and finds the question of each: by id, else by video and query.

    Answers that are text are parsed (`text.parse_spans`); no part of the file is evaluated.

    Returns:
      The predictions by question id, and the keys of those without a question in the truth.

    Raises:
      UserError: the file has none of the forms, or a question has two predictions.
    """
    by_id = {truth.id: truth for truth in truths}
    by_question: dict[tuple[str, str], list[TrueWindows]] = {}
    for truth in truths:
        by_question.setdefault(question_key(truth.video, truth.query), []).append(truth)
    found: dict[str, PredictedWindows] = {}
    unknown: list[str] = []
    for key, value in _entries(read_json_content(path), path):
        split = split_key(key)
        truth = _closest(by_question.get(split[0], []), split[1]) if split else by_id.get(key)
        if truth is None:
            unknown.append(key)
        elif truth.id in found:
            raise UserError(f"question {truth.id} has two predictions in {path}; keep one")
        else:
            found[truth.id] = _prediction(key, value, truth, path)
    return found, unknown


def _closest(truths: Sequence[TrueWindows], span: Sequence[float]) -> TrueWindows | None:
    """Returns the question with these times, if several have the same words; else the first."""
    same = [truth for truth in truths if tuple(edge for window in truth.windows for edge in window) == tuple(span)]
    return next(iter([*same, *truths]), None)


def _entries(content: Any, path: Path) -> Iterator[tuple[str, Any]]:
    """Yields key and value of each prediction."""
    if isinstance(content, Mapping) and "qid" not in content:
        yield from content.items()
        return
    rows = [content] if isinstance(content, Mapping) else content
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise UserError(f"{path} contains no predictions; give {FORMS}")
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise UserError(f"entry {number} of {path} is not an object; give {FORMS}")
        names = [name for name in ("qid", "id", "question_id") if name in row]
        if names:
            yield str(row[names[0]]), row
        else:
            yield from row.items()


def _prediction(key: str, value: Any, truth: TrueWindows, path: Path) -> PredictedWindows:
    name, answer = None, value
    if isinstance(value, Mapping):
        name = next((name for name in _FIELDS if value.get(name) is not None), None)
        answer = value.get(name)
    if name not in _WINDOWS:
        while isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], str | list):  # lmms-eval: [["B"]]
            answer = answer[0]
    if isinstance(answer, str) and name not in _WINDOWS:
        spans = tuple((span.start, span.end) for span in parse_spans(answer, duration=truth.duration))
        return PredictedWindows(spans, absent=not spans and denies_event(answer))
    if not isinstance(answer, list):
        raise UserError(f"prediction {key} of {path} has neither windows nor a text; give {FORMS}")
    try:
        pairs = [answer] if answer and not isinstance(answer[0], Sequence) else answer
        return PredictedWindows(tuple(_finite(window) for window in pairs))
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise UserError(f"prediction {key} of {path} has windows that are not [start, end]; correct it") from error


def _finite(window: Sequence[Any]) -> Window:
    """Returns a window as numbers.

    Raises:
      ValueError: it has less than two numbers, or one that is not finite.
    """
    numbers = tuple(float(number) for number in window[:3])
    if len(numbers) < 2 or not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"window {window} is not [start, end]")
    return numbers
