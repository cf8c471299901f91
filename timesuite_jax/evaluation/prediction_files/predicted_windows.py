"""One prediction of a grounding file: windows, or a text that is parsed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.answer_spans import read_grammar, read_lmms_eval, read_timelens
from timesuite_jax.evaluation.prediction_files.grounding_truth import TrueWindows
from timesuite_jax.text import denies_event

Window = tuple[float, ...]
_WINDOWS = ("pred_relevant_windows", "timestamps", "timestamp")
# Fields of a prediction, best first. Those that ground truth has too come last: rows may contain both.
_FIELDS = (
    *("pred_relevant_windows", "timestamps", "prediction", "pred", "response", "filtered_resps", "answers", "output"),
    *("answer", "timestamp"),
)
_OF_TIMELENS = "answers"
FORMS = (
    '{id: {"timestamp": [[start, end]]}}, {"video>>>query>>>span": answer}, '
    '{"video>>>query>>>span": {"timestamps", "answers"}} or lines {"qid", "pred_relevant_windows"}'
)


@dataclass(frozen=True)
class PredictedWindows:
    """Windows of an answer, as (start, end) or (start, end, score); `absent` where it denies the event."""

    windows: tuple[Window, ...]
    absent: bool = False


def read_prediction(
    key: str, value: Any, truth: TrueWindows, path: Path, *, protocol: str = "default"
) -> PredictedWindows:
    """Returns the windows of a prediction; none for the placeholder that TimeLens writes for an unreadable answer.

    Args:
      key: of the prediction.
      value: the prediction.
      truth: its question.
      path: of the file.
      protocol: "paper" reads a text as the evaluation that wrote the file does: TimeLens, or lmms-eval.

    Raises:
      UserError: it has neither windows nor a text, or windows that are not numbers; names the key.
    """
    name, answer = None, value
    if isinstance(value, Mapping):
        name = next((name for name in _FIELDS if value.get(name) is not None), None)
        answer = value.get(name)
    if name not in _WINDOWS:
        while isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], str | list):  # lmms-eval: [["B"]]
            answer = answer[0]
    if isinstance(answer, str) and name not in _WINDOWS:
        published = read_timelens if name == _OF_TIMELENS else read_lmms_eval
        spans = (published if protocol == "paper" else read_grammar)(answer, truth.duration)
        return PredictedWindows(spans, absent=not spans and denies_event(answer))
    if not isinstance(answer, list):
        raise UserError(f"prediction {key} of {path} has neither windows nor a text; give {FORMS}")
    try:
        pairs = [answer] if answer and not isinstance(answer[0], Sequence) else answer
        windows = tuple(_finite(window) for window in pairs)
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise UserError(f"prediction {key} of {path} has windows that are not [start, end]; correct it") from error
    return PredictedWindows(() if _is_placeholder(windows, truth.duration) else windows)


def _is_placeholder(windows: Sequence[Window], duration: float | None) -> bool:
    """Whether the windows are those of TimeLens for an answer that it cannot parse: 10 to 20 s after the video."""
    if duration is None or len(windows) != 1:
        return False
    start, end = windows[0][:2]
    return math.isclose(start, duration + 10, abs_tol=0.01) and math.isclose(end, duration + 20, abs_tol=0.01)


def _finite(window: Sequence[Any]) -> Window:
    """Returns a window as numbers.

    Raises:
      ValueError: it has less than two numbers, or one that is not finite.
    """
    numbers = tuple(float(number) for number in window[:3])
    if len(numbers) < 2 or not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"window {window} is not [start, end]")
    return numbers
