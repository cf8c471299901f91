"""A row of the tables of phrases."""

from typing import NamedTuple

from timesuite_jax.text.answers.builders import Builder

CERTAIN, UNCERTAIN, WEAK = 2, 1, 0
"""Of the matches in an answer only those of the highest certainty present are spans."""


class Phrase(NamedTuple):
    """A row of the table.

    Attributes:
      pattern: over kinds of tokens; the builder uses groups a and b.
      build: makes spans of a match; None if it denotes none.
      certainty: of a match. `UNCERTAIN` becomes `CERTAIN` where a notation identifies times: a unit, a colon, a point.
    """

    pattern: str
    build: Builder | None = None
    certainty: int = CERTAIN
