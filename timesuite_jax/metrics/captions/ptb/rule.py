"""A rule of the PTB tokenizer: which text is a token, depending on what follows, and how it is written.

At each position the rule that reads most wins, what has to follow included; among equals, the first. Regular
expressions take their first alternative instead, so alternatives of different lengths are rules of their own, or are
ordered from the longest.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Writer = Callable[[str], Sequence[str]]


def as_is(text: str) -> Sequence[str]:
    """Returns the text as one token."""
    return (text,)


def split_at(position: int) -> Writer:
    """Returns a writer that splits the text in two at a position; a negative one counts from the end."""
    return lambda text: (text[:position], text[position:])


def fixed(token: str) -> Writer:
    """Returns a writer of one fixed token."""
    return lambda text: (token,)


@dataclass(frozen=True)
class Rule:
    """A rule.

    Attributes:
      pattern: matches the text of the token in group 1; what follows the group has to follow the token and is not part
        of it.
      write: returns the tokens for the text.
    """

    pattern: re.Pattern[str]
    write: Writer


def rule(token: str, *, ahead: str = "", write: Writer = as_is, flags: int = 0) -> Rule:
    """Makes a rule of the expressions of a token and of what has to follow."""
    return Rule(re.compile(f"({token}){ahead}", flags), write)
