"""Builds frozen dataclasses ("specs") from config mappings, strictly.

Every value of a config ends up in a spec. An unknown key, a missing one, and a value of the wrong type or out of bounds
are errors that name the key and the nearest known one; nothing falls back to a default silently.

`dacite` and `pydantic` were considered: dacite has no bounds, no suggestions and no replacing of an existing spec's
fields at any depth, and pydantic would validate and convert by its own rules whenever a spec, often a static argument
of `jit`, is constructed; either would leave most of this file to write.
"""

import dataclasses
import enum
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from ml_collections import ConfigDict

from timesuite_jax.errors import UserError
from timesuite_jax.suggestions import did_you_mean

Spec = TypeVar("Spec")
Config = Mapping[str, Any] | ConfigDict
KIND = "kind"  # key that chooses the type of a union of dataclasses, each of which has its own value as a default


@dataclasses.dataclass(frozen=True)
class Bounds:
    """Limits of a number; None is no limit."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None

    def violation(self, value: float) -> str:
        """What the value violates, e.g. "must be at least 1"; empty if nothing."""
        checks = (
            (self.minimum, lambda limit: value >= limit, "at least"),
            (self.maximum, lambda limit: value <= limit, "at most"),
            (self.above, lambda limit: value > limit, "above"),
            (self.below, lambda limit: value < limit, "below"),
        )
        wrong = [f"{words} {limit}" for limit, holds, words in checks if limit is not None and not holds(limit)]
        return f"must be {' and '.join(wrong)}" if wrong else ""


def bounded(
    default: Any = dataclasses.MISSING,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> Any:
    """A dataclass field with limits: `batch_size: int = bounded(256, minimum=1)`. None is within all limits.

    `build` and `override` check it, and name the key of the config; for specs that are constructed directly, call
    `check_bounds` in `__post_init__`.
    """
    return dataclasses.field(default=default, metadata={"bounds": Bounds(minimum, maximum, above, below)})


def check_bounds(spec: Any) -> None:
    """Checks the limits of a dataclass's fields, see `bounded`.

    Raises:
      UserError: naming class and field.
    """
    for field in dataclasses.fields(spec):
        bounds, value = field.metadata.get("bounds"), getattr(spec, field.name)
        if bounds is not None and value is not None and (problem := bounds.violation(value)):
            raise UserError(f"{type(spec).__name__}.{field.name}={value} {problem}")


def build(cls: type[Spec], config: Config, where: str) -> Spec:
    """Builds a spec from a (nested) mapping such as a `ConfigDict`; fields that are left out keep their defaults.

    Args:
      cls: a dataclass.
      config: its fields.
      where: name of the mapping in the config, for messages.

    Raises:
      UserError: if a key is unknown (with the nearest known one) or missing, or a value has the wrong type or is out of
        bounds.
    """
    values = _values(cls, config, where)
    for field in dataclasses.fields(typing.cast(Any, cls)):
        no_default = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if no_default and field.name not in config:
            raise UserError(f"{where}.{field.name} is missing; it has no default, set it")
    return cls(**values)


def override(spec: Spec, config: Config, where: str) -> Spec:
    """The spec with the given fields replaced, at any depth: other fields of inner specs keep their values.

    Raises:
      UserError: as `build`.
    """
    return dataclasses.replace(typing.cast(Any, spec), **_values(type(spec), config, where, spec))


def as_json(spec: Any) -> dict[str, Any]:
    """All fields of a spec, also those left at their defaults, as JSON values; `build` reads them back.

    Args:
      spec: a dataclass whose fields are specs, numbers, strings, types of arrays, enums, mappings or tuples of these.

    Raises:
      TypeError: if a field has a value of another type.
    """
    kind = {KIND: getattr(spec, KIND)} if hasattr(spec, KIND) else {}  # of some specs a class variable, not a field
    return {**kind, **{field.name: _json_value(getattr(spec, field.name)) for field in dataclasses.fields(spec)}}


def _json_value(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return as_json(value)
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if _is_mapping(value):
        return {str(key): _json_value(value[key]) for key in value}
    if isinstance(value, tuple | list):
        return [_json_value(part) for part in value]
    return np.dtype(value).name  # raises TypeError for all that is not the type of an array


def _values(cls: type, config: Config, where: str, old: Any = None) -> dict[str, Any]:
    """The fields that a config gives, each converted to its type."""
    fields = {field.name: field for field in dataclasses.fields(typing.cast(Any, cls))}
    for key in config:
        if key not in fields:
            hint = did_you_mean(key, fields) or f"known keys are {', '.join(fields)}"
            raise UserError(f"{where}.{key} is unknown; {hint}")
    hints, values = typing.get_type_hints(cls), {}
    for key in config:
        values[key] = value = _value(hints[key], config[key], f"{where}.{key}", getattr(old, key, None))
        bounds = fields[key].metadata.get("bounds")
        if bounds is not None and value is not None and (problem := bounds.violation(value)):
            raise UserError(f"{where}.{key}={value} {problem}")
    return values


def _is_mapping(value: Any) -> typing.TypeGuard[Config]:
    return isinstance(value, Mapping | ConfigDict)


def _value(hint: Any, value: Any, where: str, old: Any = None) -> Any:
    """The value converted to the field's type."""
    if isinstance(hint, types.UnionType):
        return _union(typing.get_args(hint), value, where, old)
    kind = typing.get_origin(hint) or hint
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if isinstance(value, hint):
            return value
        if _is_mapping(value):
            return override(old, value, where) if isinstance(old, hint) else build(hint, value, where)
    elif kind is typing.Literal:
        return _choice(typing.get_args(hint), value, where)
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(_choice(tuple(member.value for member in kind), value, where))
    elif isinstance(kind, type) and issubclass(kind, Mapping) and _is_mapping(value):
        return dict(value)
    elif kind is tuple and isinstance(value, tuple | list):
        item, *_ = typing.get_args(hint)  # of "tuple[str, ...]"
        return tuple(_value(item, part, f"{where}[{number}]") for number, part in enumerate(value))
    elif kind in (int, float) and isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{where}={value} is not a finite number")
    elif kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif kind is int and isinstance(value, int | float) and not isinstance(value, bool) and value == int(value):
        return int(value)  # 2e3 is a valid way to write two thousand
    elif kind in (str, bool) and isinstance(value, kind):
        return value
    elif kind not in (str, bool, int, float, tuple):
        return value  # a type whose constructor checks more than is possible here
    raise UserError(f"{where}={value!r} is not of type {getattr(kind, '__name__', kind)}")


def _choice(choices: tuple[Any, ...], value: Any, where: str) -> Any:
    if value in choices:
        return value
    raise UserError(f"{where}={value!r} is unknown; choose one of {', '.join(map(repr, choices))}")


def _union(options: tuple[Any, ...], value: Any, where: str, old: Any) -> Any:
    """The value as one of the types of a union: `kind` chooses among dataclasses, other types are tried in order."""
    if value is None and types.NoneType in options:
        return None
    options = tuple(option for option in options if option is not types.NoneType)
    specs = [option for option in options if dataclasses.is_dataclass(option)]
    if len(specs) > 1 and _is_mapping(value):
        return _tagged({spec.kind: spec for spec in typing.cast(Any, specs)}, value, where, old)
    for option in options[:-1]:
        try:
            return _value(option, value, where, old)
        except UserError:
            continue  # the next type may accept it
    return _value(options[-1], value, where, old)


def _tagged(kinds: Mapping[str, type], config: Config, where: str, old: Any) -> Any:
    """A spec of the dataclass whose `kind` the config names; without the key, the kind of `old` is kept."""
    kind = config[KIND] if KIND in config else getattr(old, KIND, None)
    if kind is None:
        raise UserError(f"{where}.{KIND} is missing; choose one of {', '.join(map(repr, kinds))}")
    cls = kinds[_choice(tuple(kinds), kind, f"{where}.{KIND}")]
    return _value(cls, {key: config[key] for key in config if key != KIND}, where, old)
