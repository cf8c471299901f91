"""Reads `PATH[:ARG]` config files and `--config.key=value` overrides.

A config is a Python file whose `get_config(arg)` returns an `ml_collections.ConfigDict`; `arg` is the part after the
colon, as in `configs/timesuite/linear_p.py:debug`. Or it is the `config.json` of an export.
"""

import importlib.util
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from absl import flags
from ml_collections import ConfigDict, config_flags
from ml_collections.config_flags.config_flags import UnsupportedOperationError

from timesuite_jax.config_file import read_config
from timesuite_jax.errors import UserError
from timesuite_jax.suggestions import did_you_mean


def load_config(location: str, overrides: Sequence[str] = ()) -> ConfigDict:
    """Loads a config file and applies overrides.

    Args:
      location: `path/to/config.py`, `path/to/config.py:arg` or `path/to/config.json`.
      overrides: arguments such as `--config.training.steps=100`.

    Raises:
      UserError: if the file does not exist or is not a config, a key is unknown (with the nearest known one) or a value
        has the wrong type.
    """
    config = ConfigDict(read_config(location)) if location.endswith(".json") else _load_python(location)
    apply_overrides(config, overrides)
    return config


def _load_python(location: str) -> ConfigDict:
    name, _, arg = location.partition(":")
    path = Path(name)
    if not path.is_file():
        raise UserError(f"config {name!r} does not exist; give the path of a file, e.g. configs/timesuite/linear_p.py")
    spec = importlib.util.spec_from_file_location(f"timesuite_config_{path.stem}", path)
    if path.suffix != ".py" or spec is None or spec.loader is None:
        raise UserError(f"config {name!r} is not a Python file; give a .py file that defines get_config(arg)")
    module = importlib.util.module_from_spec(spec)
    try:
        with _siblings_importable(path.parent):
            spec.loader.exec_module(module)
        if not hasattr(module, "get_config"):
            raise UserError(f"config {name!r} does not define get_config(arg); see configs/timesuite for examples")
        config = module.get_config(arg or None)
    except UserError:
        raise
    except Exception as error:  # a user's file may raise anything
        raise UserError(
            f"config {name!r} fails: {' '.join(str(error).split())}{_line_of(error, path)}; correct the file"
        ) from error
    if not isinstance(config, ConfigDict):
        raise UserError(f"get_config of {name!r} returns {type(config).__name__}; return an ml_collections.ConfigDict")
    if arg and config.to_dict() == _without_argument(module):
        raise UserError(f"config {name!r} ignores the argument {arg!r}; remove or correct it, e.g. {name}:debug")
    return config


def _without_argument(module: ModuleType) -> dict[str, Any] | None:
    """The config without an argument; None if it requires one."""
    with suppress(Exception):  # a user's file may raise anything
        return module.get_config(None).to_dict()
    return None


@contextmanager
def _siblings_importable(folder: Path) -> Iterator[None]:
    """Lets a config import others in its folder, e.g. `from linear_p import get_config`.

    Their modules are removed afterwards, since another folder may contain a config of the same name.
    """
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).parent == folder:
                del sys.modules[name]


def apply_overrides(config: ConfigDict, overrides: Sequence[str]) -> None:
    """Applies `--config.key=value` arguments in place.

    Raises:
      UserError: on an unknown key or a value of the wrong type.
    """
    for word in overrides:
        _check_key(config, word)
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


def _line_of(error: Exception, path: Path) -> str:
    """The line of the config file in which an error was raised, if it was raised there."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if isinstance(error, SyntaxError):
        lines = [error.lineno]
    return f" (line {lines[-1]})" if lines else ""
