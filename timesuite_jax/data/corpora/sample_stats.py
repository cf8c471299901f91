"""Counts used, dropped and cut samples by corpus."""

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from timesuite_jax.errors import UserError

_log = logging.getLogger(__name__)


class SampleStats:
    """Samples used, samples dropped with the reasons, and cuts made to fit; of this process, since it started."""

    def __init__(self):
        self._used: Counter[str] = Counter()
        self._dropped: dict[str, dict[str, str]] = defaultdict(dict)
        self._drops: Counter[str] = Counter()
        self._cuts: dict[str, Counter[str]] = defaultdict(Counter)

    def used(self, corpus: str, cuts: Sequence[str]) -> None:
        """Counts a sample that is part of a batch, and its cuts."""
        self._used[corpus] += 1
        self._cuts[corpus].update(cuts)

    def dropped(self, corpus: str, name: str, reason: str) -> None:
        """Counts a dropped sample; each name is logged once."""
        if name not in self._dropped[corpus]:
            _log.warning("dropped sample %s: %s", name, reason)
        self._dropped[corpus][name] = reason
        self._drops[corpus] += 1

    def check_any_used(self, enough: int) -> None:
        """Checks that not all of the first `enough` samples were dropped: training on empty batches learns nothing.

        Raises:
          UserError: all of them were dropped.
        """
        drops = sum(self._drops.values())
        if drops >= enough and not self._used:
            sample, reason = next(iter(next(iter(self._dropped.values())).items()))
            raise UserError(
                f"none of the first {drops} samples can be used, for example {sample}: {reason}; correct the data or "
                "the config"
            )

    def report(self) -> dict[str, dict[str, Any]]:
        """Corpus -> {"used": n, "dropped": n, "cuts": {kind: n}, "reasons": {sample: reason}}, JSON-able."""
        return {
            corpus: {
                "used": self._used[corpus],
                "dropped": self._drops[corpus],
                "cuts": dict(self._cuts[corpus]),
                "reasons": dict(self._dropped[corpus]),
            }
            for corpus in sorted(self._used | self._drops)
        }
