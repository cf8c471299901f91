"""Options of a question, and which of them is right."""

import re

from timesuite_jax.data.choices.choice_question import LETTERS
from timesuite_jax.data.timepro.sources.cursor import Cursor

_LABEL = re.compile(r"\(?([A-J])[.):]\s*")


def read_options(options: Cursor) -> tuple[str, ...]:
    """Returns the texts of a list of options; letters before them, "A. red", are removed if all have them in order.

    Raises:
      BadField: it is not a list of at least two texts.
    """
    texts = tuple(option_text(option) for option in options.items())
    if not 2 <= len(texts) <= len(LETTERS):
        raise options.wrong(f"a list of 2 to {len(LETTERS)} options")
    return without_letters(texts)


def without_letters(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Removes letters before options, "A. red", if all have them in order and texts behind them."""
    labels = [_LABEL.match(text) for text in texts]
    if all(label and label[1] == letter for label, letter in zip(labels, LETTERS, strict=False)):
        stripped = tuple(text[label.end() :] for text, label in zip(texts, labels, strict=True) if label)
        return stripped if all(stripped) else texts
    return texts


def option_text(option: Cursor) -> str:
    """Returns the text of an option, which may be a whole number.

    Raises:
      BadField: it is neither.
    """
    return str(option.value) if type(option.value) is int else option.text()


def letter_index(answer: Cursor, count: int) -> int:
    """Returns the index of the option that a letter names.

    Raises:
      BadField: there is no such option.
    """
    letter = answer.text().strip("().")
    if len(letter) != 1 or letter not in LETTERS[:count]:
        raise answer.wrong(f"one of the letters {LETTERS[:count]}")
    return LETTERS.index(letter)


def text_index(answer: Cursor, options: tuple[str, ...]) -> int:
    """Returns the index of the option with a text, the last of equal ones, as the original's evaluation finds it.

    Raises:
      BadField: there is no such option.
    """
    text = option_text(answer)
    found = [number for number, option in enumerate(options) if option == text]
    if not found:
        raise answer.wrong("one of the options")
    return found[-1]


def number_index(answer: Cursor, count: int) -> int:
    """Returns the index that a number, or a text of it, is.

    Raises:
      BadField: there is no such option.
    """
    digits = str(answer.value)
    if isinstance(answer.value, bool) or not re.fullmatch(r"\d", digits, re.ASCII) or int(digits) >= count:
        raise answer.wrong(f"a number from 0 to {count - 1}")
    return int(digits)
