"""Checks annotated spans against the video that they are about.

A span counts in seconds from the start of the record's clip (of the video, if it has none), like the time stamps that
the model sees. Annotations are rounded: a span that ends up to `END_TOLERANCE_S` after its video is cut to the video's
end. Anything else that does not fit is *bad*, and one of three rules decides:

| rule | what happens |
|---|---|
| `reject` | the record is left out |
| `clip` | a span that overlaps the video is cut to it; a record with any other bad span is left out |
| `keep` | spans stay as they were annotated |

A record with a span that is not finite is left out by every rule, because nothing can be trained on or scored with it.

A span may be a moment, which ends where it starts: a highlight, an event in a list of events. But a true window, which
answers are compared with, must have a length, because the IoU of any answer with a moment is zero.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from timesuite_jax.data.question_spans import Span
from timesuite_jax.errors import UserError

OnBadSpan = Literal["reject", "clip", "keep"]
ON_BAD_SPAN: tuple[OnBadSpan, ...] = get_args(OnBadSpan)
Kind = Literal[
    "beyond_end",
    "outside",
    "other_unit",
    "reversed",
    "zero_length",
    "not_finite",
    "no_span",
    "unknown_question",
    "rounded",
]

END_TOLERANCE_S = 1.0
_DECIMAL_S = 0.051  # answers have one decimal, so that a span may end this much later than its event
# A start or end is taken for milliseconds (or a frame number) from this value and this multiple of the length on.
_MIN_OTHER_UNIT, _OTHER_UNIT_RATIO = 100.0, 10.0
_SAME_S = 1e-6  # the start of a clip is subtracted from times, whose sum is not exact


class Problem(NamedTuple):
    """What is wrong with a span, as a kind and in words."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class BadSpan:
    """An annotated span that does not fit its video, or an answer without one.

    Attributes:
      id: of the record.
      source: name of the video.
      kind: what is wrong.
      problem: the same in words, with the span.
      action: "rejected" with its record, "clipped", or "kept".
    """

    id: str
    source: str
    kind: Kind
    problem: str
    action: Literal["rejected", "clipped", "kept"]


def check_span(span: Span, length: float, *, what: str = "true span", window: bool = False) -> Problem | None:
    """Returns what is wrong with a span; None if it is within 0 and `length` seconds.

    Args:
      span: start and end in seconds; they are equal if it is a moment, such as a highlight.
      length: seconds of the video or clip.
      what: the span in words.
      window: whether it is a true window, which is no moment.
    """
    start, end = span
    shown = f"{what} {start:g} - {end:g} s"
    lasts = f"the video or clip lasts {length:g} s"
    if not (math.isfinite(start) and math.isfinite(end)):
        return Problem("not_finite", f"{shown} has no finite start and end")
    if window and abs(end - start) < _SAME_S:
        return Problem("zero_length", f"{shown} ends where it starts")
    if end < start:
        return Problem("reversed", f"{shown} ends before it starts")
    if start >= 0 and end <= length + _DECIMAL_S:
        return None
    if end >= max(_MIN_OTHER_UNIT, _OTHER_UNIT_RATIO * length) and end / 1000 <= length + END_TOLERANCE_S:
        return Problem("other_unit", f"{shown} looks like milliseconds or frame numbers: {lasts}")
    if (start >= length and start != end) or start > length + END_TOLERANCE_S or end <= 0:
        return Problem("outside", f"{shown} is outside of the video: {lasts}")
    if start >= 0 and end <= length + END_TOLERANCE_S:
        return Problem("rounded", f"{shown} ends at most {END_TOLERANCE_S:g} s beyond the end: {lasts}")
    return Problem("beyond_end", f"{shown} extends beyond the video: {lasts}")


def fit_span(
    span: Span, length: float, rule: OnBadSpan, *, what: str = "true span", window: bool = False
) -> tuple[Span | None, Problem | None]:
    """Applies a rule to a span; arguments as `check_span` has them.

    Returns:
      The span as it is to be used, None if its record is to be left out; and what is wrong with it.
    """
    problem = check_span(span, length, what=what, window=window)
    if problem is None or (rule == "keep" and problem.kind != "not_finite"):
        return span, problem
    if problem.kind == "rounded" or (rule == "clip" and problem.kind == "beyond_end"):
        return (min(max(span[0], 0.0), length), min(span[1], length)), problem
    return None, problem


def fit_clip(clip: Span | None, duration: float, rule: OnBadSpan) -> tuple[Span | None, Problem | None]:
    """Applies a rule to the clip of a record; a clip that begins after the video's end is an error of its decoding.

    Args:
      clip: start and end in seconds; None for the whole video.
      duration: seconds of the video.
      rule: what to do about a clip that ends after the video.

    Returns:
      The clip to be used, and what is wrong with it.
    """
    if clip is None or clip[0] >= duration:
        return clip, None
    fitted, problem = fit_span(clip, duration, rule, what="clip")
    return fitted or clip, problem


def fit_windows(spans: Sequence[Span], length: float, rule: OnBadSpan) -> tuple[Span, ...]:
    """Applies a rule to the true windows of a question that is to be scored.

    Raises:
      UserError: one of them does not fit.
    """
    windows = []
    for span in spans:
        fitted, problem = fit_span(span, length, rule, window=True)
        if fitted is None and problem is not None:
            raise UserError(f"{problem.text}; correct the annotation, or build with --on-bad-span")
        windows.append(fitted)
    return tuple(windows)
