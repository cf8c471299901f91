"""Compares the annotated spans of one record with its video, and applies the rule for those that do not fit."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from timesuite_jax.data.corpora.bad_spans import BadSpan, OnBadSpan, Problem, check_span, fit_span
from timesuite_jax.data.corpora.cut_answers import cut_answer, times_to_cut
from timesuite_jax.data.corpora.record import Record
from timesuite_jax.data.question_spans import Span, answer_spans, same_span
from timesuite_jax.data.timepro import TASKS, Annotation
from timesuite_jax.data.timepro.tasks.change_times import write_again
from timesuite_jax.text import Turn


class FittedSpans(NamedTuple):
    """What a record stores of its annotation.

    Attributes:
      turns: the questions; their answers have the times as they were cut, where these can be replaced.
      spans: true windows.
      owners: the question that each of them belongs to.
      bad: everything that was wrong; the record is to be left out if one of these was "rejected".
    """

    turns: tuple[Turn, ...]
    spans: tuple[Span, ...]
    owners: tuple[int, ...]
    bad: tuple[BadSpan, ...]


@dataclass(frozen=True)
class _Outcome:
    """A span that fits or was made to fit (None: left out, or not a true window), and what is wrong with it.

    `owner` is the question of a true window.
    """

    span: Span | None
    owner: int | None = None
    problem: Problem | None = None
    action: Literal["rejected", "clipped", "kept"] = "rejected"


def fit_annotated_spans(
    annotation: Annotation, length: float, rule: OnBadSpan, *, name: str, wrong_clip: Problem | None = None
) -> FittedSpans:
    """Applies a rule to the spans of an annotation.

    Args:
      annotation: what was annotated.
      length: seconds of its video or clip.
      rule: see `bad_spans`.
      name: id of the record.
      wrong_clip: what is wrong with the clip, if anything.
    """
    turns = tuple(_fit_answer(turn, annotation, length, rule) for turn in annotation.turns)
    outcomes = list(_outcomes(annotation, turns, length, rule))
    if wrong_clip is not None:
        cut = wrong_clip.kind == "rounded" or rule == "clip"
        outcomes.append(_Outcome(None, problem=wrong_clip, action="clipped" if cut else _unfit(rule)))
    used = list(_used(outcomes))
    bad = [
        BadSpan(name, annotation.video, outcome.problem.kind, _named(outcome, annotation), outcome.action)
        for outcome in outcomes
        if outcome.problem is not None
    ]
    return FittedSpans(turns, tuple(span for span, _ in used), tuple(owner for _, owner in used), tuple(bad))


def span_problems(record: Record) -> Iterator[Problem]:
    """Yields what is wrong with the true windows of a stored record."""
    for span in record.spans:
        if (problem := check_span(span, record.length, window=_has_windows(record.task))) is not None:
            yield problem


def _has_windows(task: str) -> bool:
    """Whether the spans of a task's questions are windows; those of highlights may be moments."""
    return task not in TASKS or TASKS[task].times != "moments"


def _used(outcomes: Sequence[_Outcome]) -> Iterator[tuple[Span, int]]:
    """Yields the true windows and their questions; of windows that are equal since they were cut, the first."""
    windows = [one for one in outcomes if one.span is not None and one.owner is not None]
    cut = {(one.span, one.owner) for one in windows if one.action == "clipped"}
    seen = set[tuple[Span | None, int | None]]()
    for one in windows:
        assert one.span is not None and one.owner is not None
        if (key := (one.span, one.owner)) not in seen or key not in cut:
            yield key
        seen.add(key)


def _fit_answer(turn: Turn, annotation: Annotation, length: float, rule: OnBadSpan) -> Turn:
    """A question with the times of its answer as the rule cuts them."""

    def fit(span: Span) -> Span:
        return _fit_stated(span, annotation.spans.spans, length, rule)

    def fit_exactly(span: Span) -> Span:  # rounding must not move an end that is late by a few hundredths further
        start, end = fit(span)
        return (start, end) if rule == "keep" else (min(start, length), min(end, length))

    if annotation.content is not None:
        return write_again(annotation.content, annotation.wording, annotation.task, fit_exactly)
    times = times_to_cut(turn, annotation.task, annotation.spans.spans)
    if all(fit(span) == span for span in times):
        return turn
    return replace(turn, answer=cut_answer(turn.answer or "", annotation.task, times, fit))


def _fit_stated(span: Span, windows: Sequence[Span], length: float, rule: OnBadSpan) -> Span:
    """A time in an answer as the rule cuts it, or else the true window that it states; rounded, it may be outside."""
    same = (window for window in windows if same_span(window, span))
    fitted = (fit_span(candidate, length, rule)[0] for candidate in (span, *same))
    return next((one for one in fitted if one is not None), span)


def _outcomes(annotation: Annotation, turns: Sequence[Turn], length: float, rule: OnBadSpan) -> Iterator[_Outcome]:
    annotated = annotation.spans
    owners = annotated.owners
    if owners is None:
        why = (
            f"{len(annotated.spans)} true spans of {len(annotation.turns)} questions, and the answers do not show whose"
        )
        yield _Outcome(
            None, problem=Problem("unknown_question", f"has {why}; move them to QA[i].spans"), action=_unfit(rule)
        )
        owners = (0,) * len(annotated.spans)
    spans = list(zip(annotated.spans, owners, strict=True))
    if annotated.missing:  # unless an answer is "until the end", which is known now
        spans = [(span, i) for i, turn in enumerate(annotation.turns) for span in answer_spans(turn, length)]
        if not spans:
            yield _Outcome(None, problem=Problem("no_span", "has no span in its answers"), action=_unfit(rule))
    for span, owner in spans:
        fitted, problem = fit_span(span, length, rule, window=_has_windows(annotation.task))
        cut = fitted is not None and fitted != span
        yield _Outcome(fitted, owner, problem, "rejected" if fitted is None else "clipped" if cut else "kept")
        ready_made = annotation.content is None
        if problem is not None and cut and ready_made and _states_negative(turns[owner].answer or "", span[0]):
            yield _Outcome(None, problem=_kept_in_answer(problem), action="kept")
    remaining = _remaining(annotation, turns)
    yield from _stated(remaining, annotated.spans, length, rule)
    for span in annotated.written:  # text to learn
        fitted, problem = fit_span(span, length, rule, what="answer's span")
        if problem is not None:
            cut = fitted != span and span not in remaining
            yield _Outcome(None, problem=problem, action="rejected" if fitted is None else "clipped" if cut else "kept")


def _remaining(annotation: Annotation, turns: Sequence[Turn]) -> list[Span]:
    """The times in ready-made answers that ought to be within the video; other answers have all of theirs cut."""
    if annotation.content is not None:
        return []
    return [span for turn in turns for span in times_to_cut(turn, annotation.task, annotation.spans.spans)]


def _stated(remaining: Sequence[Span], windows: Sequence[Span], length: float, rule: OnBadSpan) -> Iterator[_Outcome]:
    """Yields the times of true windows that were cut, but remain in the text of an answer."""
    for span in remaining:
        problem = check_span(span, length, what="answer's span")
        cut = _fit_stated(span, windows, length, rule) != span
        if problem and cut and any(same_span(span, window) for window in windows):
            yield _Outcome(None, problem=_kept_in_answer(problem), action="kept")


def _states_negative(answer: str, seconds: float) -> bool:
    """Whether an answer has this time before the start of the video, which is read in the wordings of tasks only."""
    written = r"[-\N{MINUS SIGN}]" + re.escape(f"{-seconds:g}") + r"(\.0+)?(?!\.?\d)"
    return seconds < 0 and re.search(written, answer) is not None


def _kept_in_answer(problem: Problem) -> Problem:
    text = f"{problem.text}; the answer keeps it, because it cannot be replaced in this wording"
    return Problem(problem.kind, text)


def _unfit(rule: OnBadSpan) -> Literal["rejected", "kept"]:
    """What happens to a record with something that cannot be cut."""
    return "kept" if rule == "keep" else "rejected"


def _named(outcome: _Outcome, annotation: Annotation) -> str:
    assert outcome.problem is not None
    several = len(annotation.turns) > 1 and outcome.owner is not None
    return f"question {outcome.owner}: {outcome.problem.text}" if several else outcome.problem.text
