"""Validates rows and their videos as a whole: every bad row is listed before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from etils import epath

from timesuite_jax.apps.finetune.raw_rows import RowProblem
from timesuite_jax.apps.finetune.row_times import cut_answers, row_problems
from timesuite_jax.apps.finetune.rows import Row, read_rows, without_repeats
from timesuite_jax.apps.finetune.video_checks import CheckedVideo, check_videos, name_videos
from timesuite_jax.apps.finetune.video_names import VideoNames
from timesuite_jax.data.corpora.bad_spans import OnBadSpan
from timesuite_jax.errors import UserError

_MAX_LISTED = 500


@dataclass(frozen=True)
class ValidRows:
    """Rows that can be used, their videos, the rows that are left out, and notes.

    Attributes:
      rows: with the paths of their videos in the folder of videos.
      videos: of these rows.
      left_out: bad rows.
      notes: what may be a mistake in the file, and times that are cut to their videos.
    """

    rows: tuple[Row, ...]
    videos: dict[str, CheckedVideo]
    left_out: tuple[RowProblem, ...]
    notes: tuple[str, ...]


def validate(
    path: Path,
    videos: epath.PathLike,
    *,
    on_bad_span: OnBadSpan,
    skip_bad_rows: bool,
    deadline_s: float,
    threads: int,
    quiet: bool,
) -> ValidRows:
    """Validates a file of rows.

    Args:
      path: the file.
      videos: folder of the videos.
      on_bad_span: what to do about times beyond the end of their video, see `bad_spans`.
      skip_bad_rows: leave bad rows out instead of raising an error.
      deadline_s: wall seconds that decoding one video may take.
      threads: videos decoded at the same time.
      quiet: show no progress bar.

    Raises:
      UserError: listing all bad rows, or no row can be used.
    """
    folder = VideoNames(videos)
    file = read_rows(path)
    rows, problems = name_videos(file.rows, folder)
    rows, repeated = without_repeats(rows, file.unit)  # a video may have two names
    names = sorted({row.video for row in rows})
    found = check_videos(names, folder.root, deadline_s=deadline_s, threads=threads, quiet=quiet)
    problems = sorted([*file.problems, *problems, *repeated, *row_problems(rows, found, on_bad_span)])
    bad = {problem.number for problem in problems}  # of rows with several questions, those that are bad
    good = tuple(row for row in rows if row.number not in bad)
    if problems and (not good or not skip_bad_rows):
        raise UserError(_report(path, file.unit, problems, len(good) + len(bad), can_skip=bool(good)))
    used = {row.video for row in good}
    checked = {name: video for name, video in found.items() if name in used and isinstance(video, CheckedVideo)}
    good, notes = cut_answers(good, checked, on_bad_span, file.unit)
    return ValidRows(good, checked, tuple(problems), (*file.notes, *notes))


def _report(path: Path, unit: str, problems: Sequence[RowProblem], total: int, *, can_skip: bool) -> str:
    listed = "".join(f"\n  {unit} {number}: {text}" for number, text in problems[:_MAX_LISTED])
    more = f"\n  and {len(problems) - _MAX_LISTED} more" if len(problems) > _MAX_LISTED else ""
    remedy = "correct them, or leave them out with --skip-bad-rows" if can_skip else "correct them"
    bad = len({problem.number for problem in problems})
    return f"{path}: {bad} of {total} rows cannot be used; {remedy}:{listed}{more}"
