"""Drops the spans that an answer takes back: "5 - 12 s? No, 20 - 30 s"."""

from timesuite_jax.text.answers.found import Found
from timesuite_jax.text.answers.tokens import OPEN, TIMES, Token

# "No" and "actually" take back at the beginning of a clause or behind a time only.
_CLAUSE_BOUNDARIES = frozenset(
    {"stop", "line", "comma", "dash", "clause", "correction", "retraction", *OPEN, "scale", "close", *TIMES}
)


def without_retracted(tokens: list[Token], found: list[Found]) -> list[Found]:
    """Returns what is found in an answer without what its corrections and retractions replace.

    Each of them takes back what precedes it on its line; if that is nothing, all lines before. A correction does so
    only if a time follows it.

    Args:
      tokens: of the answer.
      found: its phrases, in order.
    """
    last_time = max((at for at, token in enumerate(tokens) if token.kind in TIMES), default=-1)
    line = 0
    for at, token in enumerate(tokens):
        if token.kind == "line":
            line = at
        elif token.kind == "retraction" or (
            token.kind == "correction" and at < last_time and _begins_clause(tokens, at)
        ):
            on_line = any(line <= one.first < at for one in found)
            found = [one for one in found if one.first > at or (on_line and one.first < line)]
    return found


def _begins_clause(tokens: list[Token], at: int) -> bool:
    return at == 0 or tokens[at - 1].kind in _CLAUSE_BOUNDARIES
