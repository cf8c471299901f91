"""Compares the times of rows with the lengths of their videos, and cuts those that a rule cuts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from timesuite_jax.apps.finetune.raw_rows import RowProblem, note
from timesuite_jax.apps.finetune.rows import Row, spans_as_answer
from timesuite_jax.apps.finetune.video_checks import CheckedVideo
from timesuite_jax.data.corpora.bad_spans import OnBadSpan, fit_span
from timesuite_jax.data.question_spans import Span, same_span
from timesuite_jax.text import parse_spans, replace_times


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


def cut_answers(
    rows: Sequence[Row], videos: Mapping[str, CheckedVideo], rule: OnBadSpan, unit: str
) -> tuple[tuple[Row, ...], Iterator[str]]:
    """Returns rows whose answers have the times of the rows as these are cut to the videos, and notes.

    Args:
      rows: without problems.
      videos: of the rows.
      rule: see `bad_spans`.
      unit: what the rows' numbers count.
    """
    cut = tuple(_cut_answer(row, videos[row.video].duration, rule) for row in rows)
    late = [
        row.number
        for row, new in zip(rows, cut, strict=True)
        if new.answer != row.answer or _cut(row.spans, videos[row.video].duration, rule) != row.spans
    ]
    kept = [row.number for row in cut if _states_more(row, videos[row.video].duration, rule)]
    beyond = [row.number for row in rows if not row.spans and _ends_later(row, videos[row.video].duration)]
    notes = (
        note(late, "with times that are cut to the end of the video", unit),
        note(kept, "with times in the answer that are not cut to the video, because of their wording", unit),
        note(beyond, "without start and end, but with times in the answer beyond the end of the video", unit),
    )
    return cut, filter(None, notes)


def _cut(spans: Sequence[Span], duration: float, rule: OnBadSpan) -> tuple[Span, ...]:
    return tuple(fit_span(span, duration, rule)[0] or span for span in spans)


def _cut_answer(row: Row, duration: float, rule: OnBadSpan) -> Row:
    if row.answer == spans_as_answer(row.spans):
        return replace(row, answer=spans_as_answer(_cut(row.spans, duration, rule)))
    if not row.spans:
        return row
    cut = replace_times(row.answer, lambda span: _cut([(span.start, span.end)], duration, rule)[0])
    return replace(row, answer=cut or row.answer)


def _states_more(row: Row, duration: float, rule: OnBadSpan) -> bool:
    """Whether the answer of a row has times that would have to be cut."""
    written = _in_answer(row) if row.spans else ()
    return _cut(written, duration, rule) != written


def _ends_later(row: Row, duration: float) -> bool:
    written = _in_answer(row)
    return _cut(written, duration, "clip") != written or any(start > duration for start, _ in written)


def _only_in_answer(row: Row) -> tuple[Span, ...]:
    """Times in the answer of a question about times, other than the row's own."""
    written = _in_answer(row) if row.spans else ()
    return tuple(span for span in written if not any(same_span(span, known) for known in row.spans))


def _in_answer(row: Row) -> tuple[Span, ...]:
    return tuple((span.start, span.end) for span in parse_spans(row.answer))
