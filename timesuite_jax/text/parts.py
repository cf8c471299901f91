"""Replaces parts of a text."""

from collections.abc import Iterable

Part = tuple[int, int, str]
"""Where a part of a text begins and ends, and what replaces it."""


def replace_parts(text: str, parts: Iterable[Part]) -> str:
    """Returns a text with parts of it replaced; of parts that overlap, the first one alone."""
    pieces, at = list[str](), 0
    for begin, end, new in sorted(parts):
        if begin >= at:
            pieces += [text[at:begin], new]
            at = end
    return "".join([*pieces, text[at:]])
