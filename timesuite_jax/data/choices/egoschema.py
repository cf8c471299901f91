"""EgoSchema: `questions.json`, and `subset_answers.json` with the answers of 500 of its 5,031 questions.

`questions.json` is a list of {q_uid, question, "option 0", ..., "option 4"}, the answers {q_uid: 0..4}. With both files
the questions of the subset are asked, with the first alone all of them. Parquet files of lmms-lab: rows of {video_idx,
question, option, answer}.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from timesuite_jax.data.choices.choice_question import ChoiceQuestion
from timesuite_jax.data.choices.options import number_index, read_options
from timesuite_jax.data.choices.rows import Found, parse_rows
from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.document import load_document

_OPTIONS = 5


def read_egoschema(files: Sequence[Path]) -> Iterator[Found]:
    """Yields the questions.

    Raises:
      UserError: a file cannot be read.
    """
    answers: dict[str, Any] = {}
    questions = []
    for file in files:
        known = None if file.suffix == ".parquet" else load_document(file).value
        if isinstance(known, dict) and "q_uid" not in known:
            answers |= known
        else:
            questions.append(file)

    def parse(row: Cursor, _: Path) -> Iterator[ChoiceQuestion]:
        name = row.field("q_uid", "video_idx").name()
        if answers and name not in answers:
            return
        listed = row.optional("option")
        options = (
            read_options(listed)
            if listed is not None
            else tuple(row.field(f"option {number}").text() for number in range(_OPTIONS))
        )
        right = Cursor(f"the answer of {name}", answers[name]) if answers else row.optional("answer")
        index = None if right is None else number_index(right, len(options))
        yield ChoiceQuestion(name, name, row.field("question").text(), options, index)

    yield from parse_rows(questions, parse)
