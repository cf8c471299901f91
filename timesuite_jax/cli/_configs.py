"""Reads `PATH[:ARG]` config files.

A config is a Python file whose `get_config(arg)` returns an `ml_collections.ConfigDict`; `arg` is the part after the
colon, as in `configs/timesuite/linear_p.py:debug`. Or it is the `config.json` of an export or of a run. The configs of
this package are found from every folder.
"""

import importlib.util
import itertools
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax import configs
from timesuite_jax.cli._overrides import apply_overrides, print_keys
from timesuite_jax.config_file import read_config
from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import is_remote, local_path

_SHIPPED = Path(configs.__path__[0])


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


def print_config_keys(words: Sequence[str], *, positional: bool) -> None:
    """Prints the keys of the config that the words of a command line name, if they name one.

    Args:
      words: of the command line, after the command's name.
      positional: whether the config is the command's first argument; else it follows `--config`.

    Raises:
      UserError: as `load_config`.
    """
    overrides = [word for word in words if word.startswith("--config.")]
    named = [word.removeprefix("--config=") for word in words if word.startswith("--config=")]
    named += [after for word, after in itertools.pairwise(words) if word == "--config"]
    if positional:
        named += [word for word in words if not word.startswith("-") and _split(word)[0].endswith((".py", ".json"))]
    if named:
        print_keys(load_config(named[0], overrides), named[0])


def _load_python(location: str) -> ConfigDict:
    if is_remote(location):
        local_path(location, "a Python config")
    name, arg = _split(location)
    path = _find(name)
    spec = importlib.util.spec_from_file_location(f"timesuite_config_{path.stem}", path)
    if path.suffix != ".py" or spec is None or spec.loader is None:
        raise UserError(
            f"config {name!r} is not a Python file; give a .py file that defines get_config(arg), or a config.json"
        )
    module = importlib.util.module_from_spec(spec)
    try:
        with _siblings_importable(path.parent):
            spec.loader.exec_module(module)
        if not hasattr(module, "get_config"):
            raise UserError(f"config {name!r} does not define get_config(arg); see configs/timesuite for examples")
        config = module.get_config(arg or None)
    except UserError as error:
        raise UserError(f"config {location!r}: {error}") from error
    except Exception as error:  # a user's file may raise anything
        raise UserError(
            f"config {name!r} fails: {' '.join(str(error).split())}{_line_of(error, path)}; {_remedy(error)}"
        ) from error
    if not isinstance(config, ConfigDict):
        raise UserError(f"get_config of {name!r} returns {type(config).__name__}; return an ml_collections.ConfigDict")
    known = getattr(module, "VARIANTS", ())
    if arg and arg not in known and config.to_dict() == _without_argument(module):  # a variant may be the default
        hint = f"known variants are {', '.join(map(str, known))}" if known else "it has no such variant"
        raise UserError(f"config {name!r} ignores the argument {arg!r}; {hint}; remove or correct it")
    return config


def _split(location: str) -> tuple[str, str]:
    """Splits a location into path and argument; the path may contain colons."""
    if Path(location).is_file():
        return location, ""
    for place in (place for place, letter in enumerate(location) if letter == ":"):
        if Path(location[:place]).is_file():  # what follows may have colons, too: a path in a bucket
            return location[:place], location[place + 1 :]
    name, colon, arg = location.rpartition(":")
    return (name, arg) if colon else (location, "")


def _find(name: str) -> Path:
    """The file of a config; `configs/...` is found in this package where there is no such file."""
    path = Path(name)
    if path.is_file():
        return path
    shipped = _SHIPPED / name.removeprefix("configs/")
    if name.startswith("configs/") and shipped.is_file():
        return shipped
    files = [file for file in sorted(_SHIPPED.glob("*/*.py")) if "def get_config" in file.read_text(encoding="utf-8")]
    names = ", ".join(f"configs/{file.relative_to(_SHIPPED)}" for file in files)
    raise UserError(f"config {name!r} does not exist; give the path of a file, or one of {names}")


def _remedy(error: Exception) -> str:
    """What to do about the error of a config."""
    name = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    shipped = sorted(_SHIPPED.glob(f"*/{name}.py")) if name else []
    if not shipped:
        return "correct the file"
    module = ".".join(("timesuite_jax", "configs", *shipped[0].relative_to(_SHIPPED).with_suffix("").parts))
    return f"import {module} instead, which works in every folder"


def _without_argument(module: ModuleType) -> dict[str, Any] | None:
    """The config without an argument; None if it requires one."""
    with suppress(Exception):  # a user's file may raise anything
        return module.get_config(None).to_dict()
    return None


@contextmanager
def _siblings_importable(folder: Path) -> Iterator[None]:
    """Lets a config import others in its folder, e.g. `from base import get_config`.

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
            if file and Path(file).parent == folder and not name.startswith("timesuite_jax."):
                del sys.modules[name]


def _line_of(error: Exception, path: Path) -> str:
    """The line of the config file in which an error was raised, if it was raised there."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if isinstance(error, SyntaxError):
        lines = [error.lineno]
    return f" (line {lines[-1]})" if lines else ""
