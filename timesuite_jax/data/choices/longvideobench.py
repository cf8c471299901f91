"""LongVideoBench: `lvb_val.json`, a list of {id, video_path, question, candidates, correct_choice, ...}.

`duration_group` and `question_category` are the categories. The answers of
`lvb_test_wo_gt.json` are not published. Questions may refer to subtitles, the file `subtitle_path`, whose times count
from `starting_timestamp_for_subtitles`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from timesuite_jax.data.choices.choice_question import ChoiceQuestion
from timesuite_jax.data.choices.options import number_index, read_options
from timesuite_jax.data.choices.rows import Found, parse_rows
from timesuite_jax.data.timepro.sources.cursor import Cursor


def read_longvideobench(files: Sequence[Path]) -> Iterator[Found]:
    """Yields the questions.

    Raises:
      UserError: a file cannot be read.
    """
    yield from parse_rows(files, _parse)


def _parse(row: Cursor, _: Path) -> Iterator[ChoiceQuestion]:
    options = read_options(row.field("candidates"))
    right = row.optional("correct_choice")
    hidden = right is None or right.value in (-1, "-1", "@")
    subtitles, first = row.optional("subtitle_path"), row.optional("starting_timestamp_for_subtitles")
    yield ChoiceQuestion(
        row.field("id").name(),
        row.field("video_path", "video_id").name(),
        row.field("question").text(),
        options,
        None if hidden or right is None else number_index(right, len(options)),
        (f"{row.field('duration_group').number():g} s", row.field("question_category").text()),
        subtitles="" if subtitles is None else subtitles.name(),
        first_second=0.0 if first is None else first.number(),
    )
