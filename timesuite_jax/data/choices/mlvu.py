"""MLVU, the tasks with options: a JSON file a task, `1_plotQA.json` to `7_topic_reasoning.json`.

A list of {video, duration, question, candidates, answer, question_type}; the answer is the text of an option. The
videos of a task are in a folder with its name. The two tasks without options, `8_sub_scene` and `9_summary`, are judged
by another language model and are excluded.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from timesuite_jax.data.choices.choice_question import ChoiceQuestion
from timesuite_jax.data.choices.options import read_options, text_index
from timesuite_jax.data.choices.rows import Found, parse_rows, read_rows
from timesuite_jax.data.timepro.sources.cursor import Cursor
from timesuite_jax.data.timepro.sources.format import Skipped

_OPEN_TASKS = ("8_sub_scene", "9_summary")


def read_mlvu(files: Sequence[Path]) -> Iterator[Found]:
    """Yields the questions, and the rows of tasks without options as excluded.

    Raises:
      UserError: a file cannot be read.
    """
    for file in files:
        if file.stem in _OPEN_TASKS:
            for row in read_rows(file):
                yield Skipped(f"{file.name}, {row.location}", f"{file.stem} is a task without options", excluded=True)
        else:
            yield from parse_rows([file], _parse)


def _parse(row: Cursor, file: Path) -> Iterator[ChoiceQuestion]:
    options = read_options(row.field("candidates"))
    yield ChoiceQuestion(
        f"{file.stem}{row.location}",
        f"{file.stem}/{row.field('video').name()}",
        row.field("question").text(),
        options,
        text_index(row.field("answer"), options),
        (row.field("question_type").text(),),
    )
