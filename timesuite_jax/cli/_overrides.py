"""Overrides of a config's values, `--config.KEY=VALUE`, and the list of keys."""

import ast
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from absl import flags
from ml_collections import ConfigDict, config_flags
from ml_collections.config_flags.config_flags import UnsupportedOperationError

from timesuite_jax.errors import UserError
from timesuite_jax.suggestions import did_you_mean

# Both set the length of a run; one on the command line replaces the other's value in the config.
_LENGTHS = ("total_steps", "epochs")
_MAX_INTEGER = 2**63  # larger powers of ten would take long to write out


def apply_overrides(config: ConfigDict, overrides: Sequence[str]) -> None:
    """Applies `--config.key=value` arguments in place.

    A length of training that is overridden, in steps or in epochs, replaces one that the config has in the other unit.

    Raises:
      UserError: on an unknown key or a value of the wrong type.
    """
    for word in overrides:
        _check_key(config, word)
        word = _as_integer(config, word)
        if _set_untyped(config, word):
            continue
        # Separate flags: the global ones belong to the program that embeds this package.
        values = flags.FlagValues()
        try:
            config_flags.DEFINE_config_dict("config", config, flag_values=values, sys_argv=["timesuite", word])
            rest = values(["timesuite", word])
        except (AttributeError, KeyError, flags.Error, UnsupportedOperationError, ValueError) as error:
            reason = " ".join(str(error).split()).removeprefix(f"flag {word}: ")
            raise UserError(f"cannot apply {word}: {reason}; give a value of the type that the config has") from error
        if len(rest) > 1:
            raise UserError(f"not an override: {word}; write --config.key=value")
    _replace_length(config, {word.removeprefix("--config.").partition("=")[0] for word in overrides})


def _replace_length(config: Any, keys: set[str]) -> None:
    """Removes the length of training in the unit that is not among the overridden keys, if the other is and is set."""
    given = [name for name in _LENGTHS if f"training.{name}" in keys]
    if len(given) == 1 and config.training[given[0]]:
        (other,) = set(_LENGTHS) - set(given)
        if other in config.training:
            config.training[other] = 0


def _check_key(config: ConfigDict, word: str) -> None:
    """Checks that the config has the key of an argument such as `--config.model.width=8`."""
    where, part = "config", config
    for key in word.removeprefix("--config.").partition("=")[0].split("."):
        name = key.partition("[")[0]  # `names[0]` is an element of a tuple
        if not isinstance(part, ConfigDict):
            raise UserError(f"cannot apply {word}: {where} has no keys, its value is {part!r}; correct the name")
        if name not in part:
            known = f"it has {', '.join(part)}" if len(part) else "it is empty"
            hint = did_you_mean(name, part) or f"{known}; add it to the file or correct the name"
            raise UserError(f"cannot apply {word}: {where} has no {name!r}; {hint}")
        where, part = f"{where}.{name}", part[name]


def _set_untyped(config: ConfigDict, word: str) -> bool:
    """Sets a key to None, or one whose value is None and so has no type, as in a config.json; returns whether it did.

    Whether the key may be None is checked where the config is read.
    """
    path, equals, text = word.removeprefix("--config.").partition("=")
    *parts, name = path.split(".")
    for part in parts:
        config = cast(ConfigDict, config[part])
    if not equals or name not in config or isinstance(config[name], ConfigDict):
        return False
    if text != "None" and config.get_type(name) is not type(None):
        return False
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text  # a string without quotes
    with config.ignore_type():
        config[name] = value
    return True


def _as_integer(config: ConfigDict, word: str) -> str:
    """Writes an integral value of an integer key without exponent or point: "1e3" becomes "1000"."""
    path, equals, text = word.removeprefix("--config.").partition("=")
    *parts, name = path.split(".")
    for part in parts:
        config = cast(ConfigDict, config[part.partition("[")[0]])
    if not equals or name not in config or config.get_type(name) is not int:
        return word
    try:
        value = Decimal(text)
    except InvalidOperation:
        return word
    integral = value.is_finite() and abs(value) < _MAX_INTEGER and value == int(value)
    return f"--config.{path}={int(value)}" if integral else word


def print_keys(config: ConfigDict, location: str) -> None:
    """Prints every key of a config with its value, as they are overridden."""
    print(f"\nkeys of {location}, and their values; change one with --config.KEY=VALUE:")
    rows = list(_leaves(config.to_dict()))
    width = max((len(key) for key, _ in rows), default=0)
    for key, value in rows:
        print(f"  {key.ljust(width)}  {value!r}")


def _leaves(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, part in value.items():
        if isinstance(part, dict) and part:
            yield from _leaves(part, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", part
