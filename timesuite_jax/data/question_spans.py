"""Which question of a conversation each annotated span belongs to.

Annotations have spans by question, or one list for all questions of a record. The second kind is matched with the times
in the annotated answers.
"""

from collections.abc import Sequence

from timesuite_jax.text import Turn, parse_spans

Span = tuple[float, float]  # start and end in seconds

# Answers have one decimal; a start or end that is rounded twice differs by up to a tenth of a second.
_ROUNDING_S = 0.101


def answer_spans(turn: Turn, duration: float | None = None) -> tuple[Span, ...]:
    """Returns the spans in the annotated answer of a question.

    Args:
      turn: the question.
      duration: seconds of its video, where "until the end" ends; None if unknown.
    """
    return tuple((span.start, span.end) for span in parse_spans(turn.answer or "", duration=duration))


def same_span(one: Span, other: Span) -> bool:
    """Whether two spans are equal up to rounding."""
    return all(abs(a - b) < _ROUNDING_S for a, b in zip(one, other, strict=True))


def assign_spans(turns: Sequence[Turn], spans: Sequence[Span]) -> tuple[int, ...] | None:
    """Returns the index of the question that each span belongs to.

    With one question, or one whose answer has times, all spans are its own. Otherwise a span belongs to the question
    whose answer has the same times; if not all of them are found, and there are as many spans as questions whose
    answers have times, they are assigned in order.

    Args:
      turns: questions with their annotated answers.
      spans: of the whole record.

    Returns:
      One index for each span; None if the answers do not show which question they belong to.
    """
    if not spans or len(turns) == 1:  # answers are long to search
        return (0,) * len(spans)
    written = [answer_spans(turn) for turn in turns]
    timed = [number for number, found in enumerate(written) if found]
    if len(timed) == 1:
        return (timed[0],) * len(spans)
    remaining = [list(found) for found in written]
    owners = [_take(span, remaining) for span in spans]
    matched = tuple(owner for owner in owners if owner is not None)
    if len(matched) == len(spans):
        return matched
    return tuple(timed) if len(timed) == len(spans) else None


def _take(span: Span, remaining: list[list[Span]]) -> int | None:
    """Removes the first equal span, and returns the index of its list."""
    for number, candidates in enumerate(remaining):
        for candidate in candidates:
            if same_span(span, candidate):
                candidates.remove(candidate)
                return number
    return None
