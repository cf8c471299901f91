"""Settings of two results: which differ, by the kind of cause, and which are recorded in one of them only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from timesuite_jax.evaluation.comparison.kinds import IGNORED, SET_BY_PROTOCOL, kind_of, matches
from timesuite_jax.evaluation.comparison.result_file import ResultFile

Changes = dict[str, tuple[Any, Any]]  # setting -> its values in both results


@dataclass(frozen=True)
class SettingChanges:
    """Differing settings.

    Attributes:
      changes: by kind of cause.
      not_recorded: names of the kinds of which a setting is absent from the first, and from the second result.
    """

    changes: dict[str, Changes]
    not_recorded: tuple[list[str], list[str]]


def diff_settings(a: ResultFile, b: ResultFile) -> SettingChanges:
    """Compares the settings of two results.

    A setting that one of two complete results lacks differs: it is not used there. In results of earlier versions it is
    unknown. What the protocol, or the benchmark, decides is part of a difference of it.
    """
    both = _flat(a.settings), _flat(b.settings)
    complete = a.complete and b.complete
    changes: dict[str, Changes] = {}
    absent: tuple[dict[str, None], dict[str, None]] = ({}, {})
    for key in dict.fromkeys((*both[0], *both[1])):
        if key in IGNORED:
            continue
        kind = kind_of(key).name
        lacking = [number for number in (0, 1) if key not in both[number]]
        # Greedy decoding has no temperature: a result that records how it decodes has all of it.
        known = complete or (kind == "decoding" and all(_decodes(settings) for settings in both))
        if lacking and not known:
            absent[lacking[0]][kind] = None
        elif both[0].get(key) != both[1].get(key):
            changes.setdefault(kind, {})[key] = (both[0].get(key), both[1].get(key))
    _absorb(changes, "benchmark", ("benchmark.*", "examples"))
    _absorb(changes, "protocol", SET_BY_PROTOCOL)
    _absorb(changes, "corpora", ("examples",))
    return SettingChanges(changes, (list(absent[0]), list(absent[1])))


def _absorb(changes: dict[str, Changes], cause: str, patterns: tuple[str, ...]) -> None:
    """Moves the settings that follow from a cause to it."""
    if cause not in changes:
        return
    for kind in [kind for kind in changes if kind != cause]:
        for key in [key for key in changes[kind] if matches(key, patterns)]:
            changes[cause][key] = changes[kind].pop(key)
        if not changes[kind]:
            del changes[kind]


def _decodes(settings: Mapping[str, Any]) -> bool:
    return "model.decoding" in settings or "model.temperature" in settings


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_leaves("", settings))


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, each in value.items():
            yield from _leaves(f"{prefix}.{name}" if prefix else name, each)
    else:
        yield prefix, value
