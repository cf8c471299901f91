"""Frozen dataclasses from config mappings, strictly.

Everything a config says ends up in a spec. A misspelt key, a missing one or a value of the wrong type is an error that
names the key and the nearest known one, never a default taken in silence.
"""

import dataclasses
import enum
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from ml_collections import ConfigDict

from timesuite_jax.errors import UserError
from timesuite_jax.suggestions import did_you_mean

Spec = TypeVar("Spec")
Config = Mapping[str, Any] | ConfigDict


def build(cls: type[Spec], config: Config, where: str) -> Spec:
    """Builds a spec from a (nested) mapping such as a `ConfigDict`; what is left out keeps its default.

    Args:
      cls: a dataclass.
      config: its fields.
      where: name of the mapping in the config, for messages.

    Raises:
      UserError: on an unknown key (with the nearest known one), a missing one, or a value of the wrong type.
    """
    values = _values(cls, config, where)
    for field in dataclasses.fields(typing.cast(Any, cls)):
        no_default = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if no_default and field.name not in config:
            raise UserError(f"{where}.{field.name} is missing; it has no default")
    return cls(**values)


def override(spec: Spec, config: Config, where: str) -> Spec:
    """The spec with the fields that `config` gives replaced, at any depth: fields of inner specs keep their values.

    Raises:
      UserError: as `build`.
    """
    return dataclasses.replace(typing.cast(Any, spec), **_values(type(spec), config, where, spec))


def check_least(spec: Any, where: str, least: Mapping[str, float]) -> None:
    """Makes sure that fields are not below a bound; None passes.

    Raises:
      UserError: naming the field.
    """
    for name, bound in least.items():
        value = getattr(spec, name)
        if value is not None and value < bound:
            raise UserError(f"{where}{'.' if where else ''}{name}={value} must be at least {bound}")


def _values(cls: type, config: Config, where: str, old: Any = None) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    for key in config:
        if key not in hints:
            hint = did_you_mean(key, hints) or f"known are {', '.join(hints)}"
            raise UserError(f"{where}.{key} is unknown; {hint}")
    return {key: _value(hints[key], config[key], f"{where}.{key}", getattr(old, key, None)) for key in config}


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping | ConfigDict)


def _value(hint: Any, value: Any, where: str, old: Any = None) -> Any:
    """The value as the type that the field wants."""
    if isinstance(hint, types.UnionType):  # "float | None"
        if value is None:
            return None
        hint = next(option for option in typing.get_args(hint) if option is not types.NoneType)
    kind = typing.get_origin(hint) or hint
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if isinstance(value, hint):
            return value
        if _is_mapping(value):
            return override(old, value, where) if old is not None else build(hint, value, where)
    elif kind is typing.Literal:
        choices = typing.get_args(hint)
        if value in choices:
            return value
        raise UserError(f"{where}={value!r} is unknown; choose one of {choices}")
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        choices = tuple(member.value for member in kind)
        if value in choices:
            return kind(value)
        raise UserError(f"{where}={value!r} is unknown; choose one of {choices}")
    elif isinstance(kind, type) and issubclass(kind, Mapping) and _is_mapping(value):
        return dict(value)
    elif kind is tuple and isinstance(value, tuple | list):
        item, *_ = typing.get_args(hint)  # of "tuple[str, ...]"
        return tuple(_value(item, part, f"{where}[{number}]") for number, part in enumerate(value))
    elif kind in (int, float) and isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{where}={value} is no finite number")
    elif kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    elif kind is int and isinstance(value, int | float) and not isinstance(value, bool) and value == int(value):
        return int(value)  # 2e3 is a fine way to write two thousand
    elif kind in (str, bool) and isinstance(value, kind):
        return value
    elif kind not in (str, bool, int, float, tuple):
        return value  # a type whose constructor checks more than we could
    raise UserError(f"{where}={value!r} is no {getattr(kind, '__name__', kind)}")
