"""The status of every key of every file of an import, and one message with all problems."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.counted import counted
from timesuite_jax.errors import UserError
from timesuite_jax.port.finite import all_finite
from timesuite_jax.suggestions import did_you_mean

_SHOWN = 12  # keys of each kind in a message; the JSON report has all


@dataclasses.dataclass
class LayerReport:
    """The status of the keys of one file, by the keys of the table."""

    role: str
    source: str
    wrapper: str = ""  # prefix of the keys of the file, which is removed
    hint: str = ""  # what else the file may be, for messages
    others: tuple[str, ...] = ()  # entries of the file beside its weights
    used: list[str] = dataclasses.field(default_factory=list)
    overridden: dict[str, str] = dataclasses.field(default_factory=dict)  # key -> the later file that has it too
    ignored: dict[str, str] = dataclasses.field(default_factory=dict)  # key -> reason
    missing: list[str] = dataclasses.field(default_factory=list)  # required of this role
    unexpected: list[str] = dataclasses.field(default_factory=list)
    prefixed: dict[str, str] = dataclasses.field(default_factory=dict)  # unexpected key -> mistake in its prefix
    mismatched: dict[str, str] = dataclasses.field(default_factory=dict)  # key -> shape or type found, wanted, hint


@dataclasses.dataclass
class LoadReport:
    """The files of an import, and the keys that none of them has."""

    model: str
    layers: list[LayerReport]
    missing: list[str] = dataclasses.field(default_factory=list)
    expected_missing: list[str] = dataclasses.field(default_factory=list)
    not_finite: dict[str, str] = dataclasses.field(
        default_factory=dict
    )  # key with NaN or infinity -> type after the cast
    unused: dict[str, str] = dataclasses.field(default_factory=dict)  # file without any effect -> reason
    unmatched_patterns: list[str] = dataclasses.field(default_factory=list)  # of expected keys, without a match

    def problems(self, names: Sequence[str]) -> list[str]:
        """One paragraph for each kind of problem in each file; empty if there are none.

        Args:
          names: keys of the table, for suggestions.
        """
        found = []
        for layer in self.layers:
            matched = len(layer.used) + len(layer.overridden) + len(layer.mismatched)
            if layer.unexpected and not matched:
                found.append(
                    f"{layer.source} is not a checkpoint of this {self.model}: none of its {len(layer.unexpected)} "
                    f"keys is known ({_listed(layer.unexpected[:3])}){layer.hint and '; '}{layer.hint}"
                )
                continue
            if layer.unexpected:
                candidates = sorted({*self.missing, *layer.missing}) or list(names)
                lines = [
                    f"{key} ({layer.prefixed[key]})" if key in layer.prefixed else _suggest(key, candidates)
                    for key in layer.unexpected
                ]
                found.append(_paragraph(f"{layer.source}: unexpected", lines))
            if layer.mismatched:
                lines = [f"{key}: {text}" for key, text in layer.mismatched.items()]
                found.append(_paragraph(f"{layer.source}: wrong shape or type", lines))
            if layer.missing:
                found.append(_paragraph(f"{layer.source} ({layer.role}) lacks required keys", layer.missing))
        if self.missing:
            found.append(_paragraph("missing from all files", self.missing))
        if self.unused:
            lines = [f"{file}: {reason}" for file, reason in self.unused.items()]
            found.append(_paragraph("files of which nothing is used; leave them out", lines))
        if self.unmatched_patterns:
            found.append(_paragraph("expected patterns that match no key", self.unmatched_patterns))
        return found

    def note_values(self, key: str, values: Shaped[np.ndarray, "*shape"]) -> None:
        """Notes whether a part of a parameter, after its cast, has values that are NaN or infinite."""
        if key not in self.not_finite and not all_finite(values):
            self.not_finite[key] = values.dtype.name

    def check_finite(self) -> None:
        """Checks that all values that were read are finite.

        Raises:
          UserError: if not.
        """
        if self.not_finite:
            lines = [f"{key} in {dtype}" for key, dtype in self.not_finite.items()]
            raise UserError(
                _paragraph("parameters with values that are NaN or infinite", lines)
                + "\n  give intact files, or a type with a larger range; to load them anyway, use --allow-nan with "
                "`timesuite port import`, or set weights.allow_nan=True in a config"
            )

    def coverage(self) -> str:
        """One line: how many parameters were loaded, how many are left to be initialised, which keys are not used."""
        loaded = sum(len(layer.used) for layer in self.layers)
        reasons = Counter(reason for layer in self.layers for reason in layer.ignored.values())
        listed = "; ".join(f"{count}: {reason}" for reason, count in sorted(reasons.items()))
        files = ", ".join(dict.fromkeys(layer.source for layer in self.layers))
        return (
            f"{files}: {counted(loaded, 'tensor')} loaded, {len(self.expected_missing)} left fresh, "
            f"{reasons.total()} unused{listed and f' ({listed})'}"
        )

    def to_json(self) -> dict[str, Any]:
        """All fields, as plain data."""
        return dataclasses.asdict(self)

    def rows(self) -> list[tuple[str, ...]]:
        """A row for each file: role, source, and the numbers of used, overridden and ignored keys."""
        return [
            (layer.role, layer.source, str(len(layer.used)), str(len(layer.overridden)), str(len(layer.ignored)))
            for layer in self.layers
        ]


def _suggest(key: str, names: Sequence[str]) -> str:
    hint = did_you_mean(key, names, cutoff=0.8) if len(names) < 5000 else ""
    return f"{key} ({hint})" if hint else key


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(key[:120] for key in keys)


def _paragraph(title: str, lines: Sequence[str]) -> str:
    more = [f"... and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return f"{title} ({len(lines)}):" + "".join(f"\n    {line[:300]}" for line in [*lines[:_SHOWN], *more])
