"""Counts, per corpus, of what happened to samples on their way into batches."""

import logging
from collections import Counter, defaultdict
from typing import Any

from timesuite_jax.errors import UserError

_log = logging.getLogger(__name__)


class SampleStats:
    """What was used, what was dropped and why, and what was cut to fit; of this process, since it started."""

    def __init__(self):
        self._used: Counter[str] = Counter()
        self._dropped: dict[str, dict[str, str]] = defaultdict(dict)
        self._drops: Counter[str] = Counter()
        self._cuts: dict[str, Counter[str]] = defaultdict(Counter)

    def used(self, corpus: str, cuts: tuple[str, ...]) -> None:
        """Counts a sample that went into a batch, and what it had to give up."""
        self._used[corpus] += 1
        self._cuts[corpus].update(cuts)

    def dropped(self, corpus: str, name: str, reason: str) -> None:
        """Counts a dropped sample; each is logged once."""
        if name not in self._dropped[corpus]:
            _log.warning("dropped sample %s: %s", name, reason)
        self._dropped[corpus][name] = reason
        self._drops[corpus] += 1

    def refuse_nothing(self, enough: int) -> None:
        """Makes sure that the first `enough` samples were not dropped one and all.

        Raises:
          UserError: they were; a run on empty batches would learn nothing, and say so at its end.
        """
        drops = sum(self._drops.values())
        if drops >= enough and not self._used:
            sample, reason = next(iter(next(iter(self._dropped.values())).items()))
            raise UserError(
                f"none of the first {drops} samples can be used, for example {sample}: {reason}; correct the data or "
                "the config"
            )

    def report(self) -> dict[str, dict[str, Any]]:
        """Corpus -> {"used": n, "dropped": n, "cuts": {what: n}, "reasons": {sample: reason}}, JSON-able."""
        return {
            corpus: {
                "used": self._used[corpus],
                "dropped": self._drops[corpus],
                "cuts": dict(self._cuts[corpus]),
                "reasons": dict(self._dropped[corpus]),
            }
            for corpus in sorted(self._used | self._drops)
        }
