"""Decodes the videos of rows before anything is built of them, and compares the rows' times with their lengths."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from etils import epath

from timesuite_jax.apps.finetune.fields import FieldError
from timesuite_jax.apps.finetune.raw_rows import RowProblem
from timesuite_jax.apps.finetune.rows import Row, spans_as_answer
from timesuite_jax.apps.finetune.video_names import VideoFolder
from timesuite_jax.data.corpora.bad_spans import OnBadSpan, fit_span
from timesuite_jax.data.corpora.video_check import check_video, read_video
from timesuite_jax.data.question_spans import Span, same_span
from timesuite_jax.media import VideoError
from timesuite_jax.progress import track
from timesuite_jax.text import parse_spans


@dataclass(frozen=True)
class CheckedVideo:
    """A video that can be decoded: its length in seconds, and a digest of its bytes, equal for copies of a file."""

    duration: float
    digest: str


def name_videos(rows: Iterable[Row], folder: VideoFolder) -> tuple[list[Row], list[RowProblem]]:
    """Returns the rows with the paths of their videos in the folder, and what is wrong with the others."""
    found, problems = list[Row](), list[RowProblem]()
    for row in rows:
        try:
            found.append(replace(row, video=folder.find(row.video)))
        except FieldError as error:
            problems.append(RowProblem(row.number, str(error)))
    return found, problems


def check_videos(
    names: Sequence[str], root: epath.Path, *, deadline_s: float, threads: int, quiet: bool
) -> dict[str, CheckedVideo | str]:
    """Decodes videos.

    Args:
      names: paths relative to `root`.
      root: folder of the videos.
      deadline_s: wall seconds that one of them may take.
      threads: videos decoded at the same time.
      quiet: show no progress bar.

    Returns:
      For each video what is known of it, or why it cannot be used.
    """

    def check(name: str) -> CheckedVideo | str:
        try:
            data = read_video(root / name, name)
            duration = check_video(data, name, deadline_s).duration
        except VideoError as error:
            return str(error)
        return CheckedVideo(duration, hashlib.blake2b(data, digest_size=16).hexdigest())

    with ThreadPoolExecutor(threads) as pool:
        return dict(zip(names, track(pool.map(check, names), "checking videos", len(names), quiet=quiet), strict=True))


def check_times(row: Row, duration: float, rule: OnBadSpan) -> Iterator[RowProblem]:
    """Yields what is wrong with the times of a row, also those in its answer, of a video of so many seconds.

    Spans that end up to a second late, or, by the rule, spans that are cut or kept, are no problem.
    """
    for what, spans in (("the row's time", row.spans), ("its answer's time", _only_in_answer(row))):
        for span in spans:
            fitted, problem = fit_span(span, duration, rule, what=what)
            if fitted is None and problem is not None:
                clip = ", or give --on-bad-span clip" if problem.kind == "beyond_end" else ""
                yield RowProblem(row.number, f"video {row.video!r}: {problem.text}; correct the time{clip}")
                return


def fit_answer(row: Row, duration: float, rule: OnBadSpan) -> Row:
    """Returns a row whose answer, if it is nothing but the row's times, has them as they are cut to the video."""
    if row.answer != spans_as_answer(row.spans):
        return row
    fitted = [fit_span(span, duration, rule)[0] or span for span in row.spans]
    return replace(row, answer=spans_as_answer(fitted))


def row_problems(rows: Iterable[Row], videos: Mapping[str, CheckedVideo | str], rule: OnBadSpan) -> list[RowProblem]:
    """Returns what is wrong with rows, by their videos."""
    problems = []
    for row in rows:
        video = videos[row.video]
        if isinstance(video, str):
            problems.append(RowProblem(row.number, video))
        else:
            problems.extend(check_times(row, video.duration, rule))
    return problems


def _only_in_answer(row: Row) -> tuple[Span, ...]:
    """Times in the answer of a question about times, other than the row's own."""
    written = [(span.start, span.end) for span in parse_spans(row.answer)] if row.spans else []
    return tuple(span for span in written if not any(same_span(span, known) for known in row.spans))
