"""Files of predicted windows: the forms of the original, of lmms-eval, of TimeLens and of QVHighlights."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.prediction_files.grounding_truth import TrueWindows
from timesuite_jax.evaluation.prediction_files.json_content import read_json_content
from timesuite_jax.evaluation.prediction_files.predicted_windows import FORMS, PredictedWindows, read_prediction
from timesuite_jax.evaluation.prediction_files.question_keys import question_key, split_key


def read_predicted_windows(
    path: Path, truths: Sequence[TrueWindows], *, protocol: str = "default"
) -> tuple[dict[str, PredictedWindows], list[str]]:
    """Reads predictions and finds the question of each: by id, else by video and query.

    Answers that are text are read by the rule of the protocol, see `read_prediction`; no part of the file is evaluated.
    Questions with the same video, query and windows have the same key: one prediction is that of all, and several are
    theirs in order.

    Returns:
      The predictions by question id, and the keys of those without a question in the truth.

    Raises:
      UserError: the file has none of the forms, or a question has two predictions.
    """
    by_id = {truth.id: truth for truth in truths}
    by_question: dict[tuple[str, str], list[TrueWindows]] = {}
    for truth in truths:
        by_question.setdefault(question_key(truth.video, truth.query), []).append(truth)
    answers: dict[tuple[str, ...], list[PredictedWindows]] = {}  # by the ids that they are for
    unknown: list[str] = []
    for key, value in _entries(read_json_content(path), path):
        split = split_key(key)
        same_id = [by_id[key]] if key in by_id else []
        questions = _closest(by_question.get(split[0], []), split[1]) if split else same_id
        if questions:
            ids = tuple(truth.id for truth in questions)
            answers.setdefault(ids, []).append(read_prediction(key, value, questions[0], path, protocol=protocol))
        else:
            unknown.append(key)
    found: dict[str, PredictedWindows] = {}
    for ids, predictions in answers.items():
        each = predictions * len(ids) if len(predictions) == 1 else predictions
        if len(each) != len(ids) or found.keys() & set(ids):
            twice = next((id for id in ids if id in found), ids[0])
            raise UserError(f"question {twice} has two predictions in {path}; keep one")
        found.update(zip(ids, each, strict=True))
    return found, unknown


def _closest(truths: Sequence[TrueWindows], span: Sequence[float]) -> list[TrueWindows]:
    """Returns the questions with these times of those with the same words; else all with the times of the first."""
    same = [truth for truth in truths if tuple(edge for window in truth.windows for edge in window) == tuple(span)]
    return same or [truth for truth in truths if truth.windows == truths[0].windows]


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
