"""Video-MME-v2: `test.parquet`, a row a question with eight options; four consecutive rows are a group.

{video_id, question_id, question, options, answer, level, group_type, group_structure, second_head, third_head}. Options
are a list, or a text with one a line. The file of a video is its number with three digits. The type of a group is named
in Chinese or, in newer files, in English: relevance, whose questions are about the same content, or a chain of logic,
whose structure specifies which build on which. Newer files also have questions without a level.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from timesuite_jax.data.choices.choice_question import ChoiceQuestion
from timesuite_jax.data.choices.options import letter_index, read_options
from timesuite_jax.data.choices.rows import Found, parse_rows
from timesuite_jax.data.timepro.sources.cursor import Cursor

GROUP_SIZE = 4
RELEVANCE = "relevance"
_LOGIC = "logic"
_TYPES = {"相关性": RELEVANCE, "逻辑链": _LOGIC, RELEVANCE: RELEVANCE, _LOGIC: _LOGIC}


def read_video_mme_v2(files: Sequence[Path]) -> Iterator[Found]:
    """Yields the questions, with their groups.

    Raises:
      UserError: a file cannot be read.
    """
    rows = itertools.count()  # also those that are wrong: a group is four rows

    def parse(row: Cursor, _: Path) -> Iterator[ChoiceQuestion]:
        group = next(rows) // GROUP_SIZE
        yield replace(_parse(row), group=str(group))

    yield from parse_rows(files, parse)


def _parse(row: Cursor) -> ChoiceQuestion:
    number = row.field("video_id")
    video = f"{int(str(number.value)):03d}" if str(number.value).isdecimal() else number.name()
    listed = row.field("options")
    if isinstance(listed.value, str):
        lines = [line for line in listed.value.split("\n") if line.strip()]
        listed = Cursor(listed.location, lines)
    options = read_options(listed)
    kind, level = row.field("group_type").text(), row.optional("level")
    if kind not in _TYPES:
        raise row.field("group_type").wrong(f"one of {', '.join(_TYPES)}")
    heads = [head.text() for name in ("second_head", "third_head") if (head := row.optional(name)) is not None]
    return ChoiceQuestion(
        str(row.field("question_id").value),
        video,
        row.field("question").text(),
        options,
        letter_index(row.field("answer"), len(options)),
        (*(() if level is None else (f"level {level.value}",)), _TYPES[kind], *heads),
        structure=RELEVANCE if _TYPES[kind] == RELEVANCE else row.field("group_structure").text().replace(" ", ""),
    )
