"""Moments with their saliency in the text of an answer, as the release of TimeIT writes them."""

import re

from timesuite_jax.data.timepro.source_entry import Highlights
from timesuite_jax.text import format_seconds

_NOTHING = "There are no such moments in this video."
_NUMBERS = r"-?\d+(?:\.\d+)?(?:, -?\d+(?:\.\d+)?)*"
_LIST = re.compile(
    rf"The highlight timestamps are in the ({_NUMBERS}) seconds?\. Their saliency scores are ({_NUMBERS})\.?\s*"
)


def write_highlights(content: Highlights) -> str:
    """Writes the times of moments and their scores, both with one decimal."""
    if not content.times:
        return _NOTHING
    times, scores = (", ".join(map(format_seconds, numbers)) for numbers in (content.times, content.scores))
    return f"The highlight timestamps are in the {times} seconds. Their saliency scores are {scores}."


def read_highlights(answer: str) -> Highlights | None:
    """Reads what `write_highlights` wrote; None if the answer has another format, or not a score for each moment."""
    if answer == _NOTHING:
        return Highlights("", (), ())
    if not (found := _LIST.fullmatch(answer)):
        return None
    times, scores = (tuple(map(float, numbers.split(", "))) for numbers in found.groups())
    return Highlights("", times, scores) if len(times) == len(scores) else None
