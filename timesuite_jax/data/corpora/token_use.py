"""How many tokens the records of a corpus need, and what is cut so that they fit."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from timesuite_jax.data.corpora.distributions import percentiles


@dataclass(frozen=True)
class TokenUse:
    """Tokens of one sample of a record.

    Attributes:
      needed: tokens of the whole sequence, visual tokens included, if nothing is cut.
      answer: tokens of its answers if nothing is cut.
      length: of the sequence that it is trained in; None if the sample does not fit and is dropped.
      cuts: kinds of the cuts made so that it fits.
    """

    needed: int
    answer: int
    length: int | None
    cuts: tuple[str, ...]


def summarize(uses: Sequence[TokenUse]) -> dict[str, Any]:
    """Summarizes the samples of a corpus as JSON: tokens needed, lengths of the sequences, cuts, and dropped ones."""
    lengths = Counter(use.length for use in uses if use.length is not None)
    return {
        "samples": len(uses),
        "needed": percentiles([use.needed for use in uses]),
        "answer": percentiles([use.answer for use in uses]),
        "lengths": {str(length): count for length, count in sorted(lengths.items())},
        "whole": sum(use.length is not None and not use.cuts for use in uses),
        "cuts": dict(sorted(Counter(cut for use in uses for cut in use.cuts).items())),
        "dropped": sum(use.length is None for use in uses),
    }
