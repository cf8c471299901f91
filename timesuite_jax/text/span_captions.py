"""Finds what an answer states about each of its spans."""

import re
from collections.abc import Sequence

from timesuite_jax.text.answers.spans import TimeSpan
from timesuite_jax.text.timestamps import parse_spans

# From sentences to paragraphs: the first split at which every part has one span at most.
_SENTENCE_END = r"(?<=[.!?;])(?<!\n\d\.)(?<!\n\d\d\.)\s+"  # not after the number of a list
_SEPARATORS = (rf"{_SENTENCE_END}|\n+", r"\s{2,}|\n+", r"\n+")
_TIME = r"\d+(?::\d{2})*(?:[.,]\d+)?\s*(?:(?:seconds?|secs?|s|minutes?|mins?|m)(?![a-z]))?"
_TO = r"\s*(?:[-~\u2013\u2014]|to|and|until)\s*"
_LEADING_SPAN = re.compile(
    rf"^\W*(?:\d+[.)]\s+)?(?:from\s+|between\s+|at\s+)?{_TIME}(?:{_TO}{_TIME})?(?!\w|:\d)\W*", re.IGNORECASE
)


def span_captions(answer: str, spans: Sequence[TimeSpan], *, duration: float | None = None) -> list[str]:
    """Returns the description that belongs to each span of an answer; "" where there is none.

    A description is what follows a span in its sentence ("90.0 - 102.0 seconds, spread margarine."), and the sentences
    up to the next span.

    Args:
      answer: answer of the model.
      spans: of the answer, by `parse_spans`.
      duration: as in `parse_spans`.
    """
    for separator in _SEPARATORS:
        parts = [part for part in re.split(separator, answer.strip()) if part.strip()]
        found = [parse_spans(part, duration=duration) for part in parts]
        if all(len(of_part) < 2 for of_part in found) and [span for of_part in found for span in of_part] == list(
            spans
        ):
            return _captions(parts, [bool(of_part) for of_part in found])
    return [""] * len(spans)


def _captions(parts: Sequence[str], has_span: Sequence[bool]) -> list[str]:
    captions: list[list[str]] = []
    for part, begins in zip(parts, has_span, strict=True):
        if begins:
            rest = _LEADING_SPAN.sub("", part, count=1)
            captions.append([rest] if rest != part else [])
        elif captions:
            captions[-1].append(part)
    return [" ".join(" ".join(lines).split()) for lines in captions]
