"""What an import did with every key of every file, and the one message that gathers all that is wrong."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from timesuite_jax.suggestions import did_you_mean

_SHOWN = 12  # keys of a kind in a message; the JSON report has all


@dataclasses.dataclass
class LayerReport:
    """The fate of the keys of one file, by the keys of the table."""

    role: str
    source: str
    used: list[str] = dataclasses.field(default_factory=list)
    overridden: dict[str, str] = dataclasses.field(default_factory=dict)  # key -> the later file that has it too
    ignored: dict[str, str] = dataclasses.field(default_factory=dict)  # key -> reason
    missing: list[str] = dataclasses.field(default_factory=list)  # this role must hold it
    unexpected: list[str] = dataclasses.field(default_factory=list)
    misshaped: dict[str, str] = dataclasses.field(default_factory=dict)  # key -> found, wanted, hint


@dataclasses.dataclass
class LoadReport:
    """All files of an import, and what none of them has."""

    model: str
    layers: list[LayerReport]
    missing: list[str] = dataclasses.field(default_factory=list)
    expected_missing: list[str] = dataclasses.field(default_factory=list)
    idle_patterns: list[str] = dataclasses.field(default_factory=list)  # expectations that met nothing

    def problems(self, names: Sequence[str]) -> list[str]:
        """One paragraph for each kind of problem in each file; empty if the import is sound.

        Args:
          names: keys of the table, for suggestions.
        """
        found = []
        for layer in self.layers:
            matched = len(layer.used) + len(layer.overridden) + len(layer.misshaped)
            if layer.unexpected and not matched:
                found.append(
                    f"{layer.source} is no checkpoint of this {self.model}: none of its {len(layer.unexpected)} keys "
                    f"is known ({_listed(layer.unexpected[:3])})"
                )
                continue
            if layer.unexpected:
                open_names = sorted({*self.missing, *layer.missing}) or list(names)
                found.append(
                    _paragraph(f"{layer.source}: unexpected", [_guess(key, open_names) for key in layer.unexpected])
                )
            if layer.misshaped:
                lines = [f"{key}: {text}" for key, text in layer.misshaped.items()]
                found.append(_paragraph(f"{layer.source}: another shape or type", lines))
            if layer.missing:
                found.append(_paragraph(f"{layer.source} ({layer.role}) must hold but lacks", layer.missing))
        if self.missing:
            found.append(_paragraph("in no file", self.missing))
        if self.idle_patterns:
            found.append(_paragraph("expectations that meet no key", self.idle_patterns))
        return found

    def to_json(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return dataclasses.asdict(self)

    def rows(self) -> list[tuple[str, ...]]:
        """A line a file for a table: role, source, used, overridden, ignored."""
        return [
            (layer.role, layer.source, str(len(layer.used)), str(len(layer.overridden)), str(len(layer.ignored)))
            for layer in self.layers
        ]


def _guess(key: str, names: Sequence[str]) -> str:
    hint = did_you_mean(key, names, cutoff=0.8) if len(names) < 5000 else ""
    return f"{key} ({hint})" if hint else key


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(key[:120] for key in keys)


def _paragraph(title: str, lines: Sequence[str]) -> str:
    more = [f"... and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return f"{title} ({len(lines)}):" + "".join(f"\n    {line[:300]}" for line in [*lines[:_SHOWN], *more])
