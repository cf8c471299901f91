"""Which option of a multiple-choice question an answer chooses, by our rules or those of a published evaluation.

Each function takes the text of an answer and the texts of the options, and returns the indices of the options as which
the answer counts: one, or none where the answer chooses none. Some published rules count one answer as several options.
"""

import re
from collections.abc import Callable, Sequence

from timesuite_jax.data.choices.choice_answers import read_choice
from timesuite_jax.data.choices.choice_question import LETTERS

ReadChoice = Callable[[str, Sequence[str]], tuple[int, ...]]

_PREFIXES = (
    "Final Answer:",
    "The best answer is",
    "The correct answer is",
    "The answer is",
    "The answer",
    "The best option is",
    "The correct option is",
    "Best answer:",
    "Best option:",
    "Answer:",
    "Option:",
)


def read_mvbench(text: str, options: Sequence[str]) -> tuple[int, ...]:
    """Reads as the original's MVBench (`check_ans` of eval/eval_qa_tasks.ipynb); the answer continues "(".

    The first word, without full stops, is part of "(a)", or the other way round: "(" alone counts as every option.
    """
    word = f"({_first_line(text)}".lower().split(" ")[0]
    marks = [f"({letter.lower()})" for letter in LETTERS[: len(options)]]
    return tuple(number for number, mark in enumerate(marks) if word.replace(".", "") in mark or mark in word)


def read_egoschema(text: str, options: Sequence[str]) -> tuple[int, ...]:
    """Reads as the original's EgoSchema (`check_answer_egoschema`); the answer continues "(".

    Every option counts whose "(A)", or whose text, possibly without articles, is in the answer.
    """
    line = f"({_first_line(text)}".lower()
    found = []
    for number, option in enumerate(options):
        content = option.lower().removesuffix(".")
        variants = f"({LETTERS[number].lower()})", content, content.replace("a ", ""), content.replace("an ", "")
        if any(variant in line for variant in variants):
            found.append(number)
    return tuple(found)


def read_next_letter(text: str, options: Sequence[str]) -> tuple[int, ...]:
    """Reads as the original's Video-MME: the letter with which the answer begins; the answer continues "("."""
    letter = _first_line(text)[:1]
    return (LETTERS.index(letter),) if letter and letter in LETTERS[: len(options)] else ()


def read_mlvu(text: str, options: Sequence[str]) -> tuple[int, ...]:
    """Reads as MLVU's evaluation: what is before the first ")", one character, or all of an answer without ")"."""
    text = text.strip()
    end = text.find(")")
    letter = text if end < 0 else text[max(end - 1, 0) : end]
    return (LETTERS.index(letter),) if letter in tuple(LETTERS[: len(options)]) else ()


def read_first_capital(text: str, options: Sequence[str]) -> tuple[int, ...]:
    """Reads as VLMEvalKit's Video-MME and LongVideoBench: the first capital that is a letter of an option.

    Openings such as "The best answer is" are removed before.
    """
    text = text.strip()
    for prefix in _PREFIXES:
        text = text.replace(prefix, "")
    found = re.search(f"[{LETTERS[: len(options)]}]", text)
    return (LETTERS.index(found[0]),) if found else ()


CHOICE_READERS: dict[str, ReadChoice] = {
    "choice": read_choice,
    "original_mvbench": read_mvbench,
    "original_egoschema": read_egoschema,
    "original_mlvu": read_mlvu,
    "next_letter": read_next_letter,
    "first_capital": read_first_capital,
}
"""By the names that result files have."""


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0]
