"""Video-MME: a row a question, as the Parquet file has it, or a row a video with all its questions, as JSON.

{video_id, videoID, duration, domain, sub_category, question_id, task_type, question, options, answer}; in a row of a
video the last five are those of each of its `questions`. The file of a video is named after `videoID`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from timesuite_jax.data.choices.choice_question import ChoiceQuestion
from timesuite_jax.data.choices.options import letter_index, read_options
from timesuite_jax.data.choices.rows import Found, parse_rows
from timesuite_jax.data.timepro.sources.cursor import Cursor


def read_video_mme(files: Sequence[Path]) -> Iterator[Found]:
    """Yields the questions.

    Raises:
      UserError: a file cannot be read.
    """
    yield from parse_rows(files, _parse)


def _parse(row: Cursor, _: Path) -> Iterator[ChoiceQuestion]:
    video, length = row.field("videoID", "video_id").name(), row.field("duration", "duration_category").text()
    listed = row.optional("questions")
    for one in [row] if listed is None else listed.items():
        options = read_options(one.field("options", "choices"))
        index = letter_index(one.field("answer"), len(options))
        categories = length, one.field("task_type").text()
        yield ChoiceQuestion(
            one.field("question_id").name(),
            video,
            one.field("question").text(),
            options,
            index,
            categories,
            subtitles=f"{video}.srt",
        )
