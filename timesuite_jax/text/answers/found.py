"""A phrase found in the tokens of an answer."""

from typing import NamedTuple

from timesuite_jax.text.answers.spans import TimeSpan


class Found(NamedTuple):
    """A phrase in an answer: its spans, and the index of its first token and of the one behind its last."""

    spans: list[TimeSpan]
    certainty: int
    unit: float | None  # of its times; None if they have none
    first: int
    last: int
