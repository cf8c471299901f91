"""Multiple-choice questions: predicted letters and the right ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from timesuite_jax.data.choices.choice_answers import read_choice
from timesuite_jax.data.choices.choice_question import LETTERS
from timesuite_jax.data.choices.options import without_letters
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.prediction_files.json_content import read_json_content

_IDS = ("id", "qid", "question_id", "doc_id", "q_uid")
# The name that ground truth has too comes last: rows may contain both.
_ANSWERS = ("prediction", "pred", "response", "filtered_resps", "output", "answer")
_TRUTHS = ("answer", "target", "correct", "gt")


@dataclass(frozen=True)
class Choice:
    """A question with the right letter, the predicted one (None if it cannot be read), and its video."""

    id: str
    video: str
    truth: str
    predicted: str | None
    answered: bool
    duration: float | None


def read_choices(predictions: Path, truth: Path) -> tuple[list[Choice], list[str]]:
    """Reads questions with their predicted letters.

    Predictions are {id: answer}, or rows with an id and "prediction", "pred", "response", "filtered_resps", "output" or
    "answer"; the truth has rows with an id and "answer". An answer is a text, or the number of an option from 0; that
    of the truth a letter, or the text or number of one of "options".

    Returns:
      The questions in the order of the truth, and the ids of predictions without a question.

    Raises:
      UserError: a file has another form, an id occurs twice, or a question has too many options.
    """
    predicted = {id: _answer(id, row, predictions) for id, row in _rows(predictions).items()}
    choices = []
    for id, row in _rows(truth).items():
        answer = predicted.get(id)
        options = _options(id, row, truth)
        video = next((row[name] for name in ("video", "videoID", "video_id", "vid") if name in row), id)
        duration = row.get("duration")
        choices.append(
            Choice(
                id,
                str(video),
                _right_letter(id, row, options, truth),
                None if answer is None else _letter(answer, options),
                answer is not None,
                float(duration) if isinstance(duration, int | float) and abs(duration) < 1e9 else None,
            )
        )
    known = {choice.id for choice in choices}
    return choices, [id for id in predicted if id not in known]


def _rows(path: Path) -> dict[str, Mapping[str, Any]]:
    content = read_json_content(path)
    if isinstance(content, Mapping) and not set(_IDS) & content.keys():
        return {id: row if isinstance(row, Mapping) else {"answer": row} for id, row in content.items()}
    rows = [content] if isinstance(content, Mapping) else content
    found: dict[str, Mapping[str, Any]] = {}
    for number, row in enumerate(rows if isinstance(rows, Sequence) and not isinstance(rows, str) else []):
        name = next((name for name in _IDS if isinstance(row, Mapping) and name in row), None)
        if name is None:
            raise UserError(f"entry {number} of {path} has no id; give objects with one of {', '.join(_IDS)}")
        if str(row[name]) in found:
            raise UserError(f"question id {row[name]} occurs twice in {path}; keep one")
        found[str(row[name])] = row
    if not found:
        raise UserError(f'{path} contains no questions; give {{id: answer}}, or a list of {{"id", "answer"}}')
    return found


def _answer(id: str, row: Mapping[str, Any], path: Path) -> str | int:
    value = next((row[name] for name in _ANSWERS if name in row), None)
    while isinstance(value, list) and len(value) == 1:  # lmms-eval: [["B"]]
        value = value[0]
    if isinstance(value, str) or type(value) is int:
        return value
    raise UserError(f"prediction {id} of {path} has no text or number; give one of {', '.join(_ANSWERS)}")


def _right_letter(id: str, row: Mapping[str, Any], options: tuple[str, ...] | None, path: Path) -> str:
    value = next((row[name] for name in _TRUTHS if name in row), None)
    listed = row.get("options", row.get("candidates"))
    if isinstance(listed, list) and isinstance(value, str) and value in listed:
        return LETTERS[listed.index(value)]
    if (isinstance(value, str) or type(value) is int) and (letter := _letter(value, options)):
        return letter
    raise UserError(f"question {id} of {path} has the answer {value!r}; give a letter or one of its options")


def _options(id: str, row: Mapping[str, Any], path: Path) -> tuple[str, ...] | None:
    """Texts of the options of a question, without their letters; None if the row has none."""
    options = row.get("options", row.get("candidates"))
    if not isinstance(options, list):
        return None
    if len(options) > len(LETTERS):
        raise UserError(
            f"question {id} of {path} has {len(options)} options; at most {len(LETTERS)} can be scored, so leave it out"
        )
    if not all(isinstance(option, str) or type(option) is int for option in options):
        return None
    return without_letters(tuple(map(str, options))) or None


def _letter(answer: str | int, options: tuple[str, ...] | None) -> str | None:
    """The letter that an answer chooses; a number is the index of an option, or the text of one that is a number."""
    if isinstance(answer, int) and str(answer) not in (options or ()):
        return LETTERS[answer] if 0 <= answer < len(options or LETTERS) else None
    chosen = read_choice(str(answer), options)
    return LETTERS[chosen[0]] if chosen else None
