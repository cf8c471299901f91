"""Configs as JSON files (`config.json`), stored beside the weights that they describe.

A string that begins with "./" is the path of a file in the folder of the config, so that the folder can be moved. A
weight file may have a role before it: "timesuite=./trained.safetensors".
"""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import replace_text
from timesuite_jax.storage.remote_path import to_path

CONFIG_NAME = "config.json"
_RELATIVE = re.compile(r"(?P<role>\w+=)?\./(?P<path>.+)", re.DOTALL)


def write_config(path: epath.PathLike, config: Mapping[str, Any]) -> None:
    """Writes a config atomically.

    Args:
      path: of the file; an existing one is replaced.
      config: nested mappings of JSON values and tuples; see `config_spec.as_json` for specs.
    """
    replace_text(to_path(path), json.dumps(config, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_config(path: epath.PathLike) -> dict[str, Any]:
    """Reads a config; lists become tuples, and paths in its folder are resolved.

    Raises:
      UserError: if the file does not exist or is not a config of this package.
    """
    file = to_path(path)
    if not file.is_file():
        raise UserError(f"config {path} does not exist; give the path of a config.json or of a .py file")
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"config {path} is not valid JSON ({error}); correct it, or copy it again") from error
    if not isinstance(config, dict):
        raise UserError(f"config {path} contains a JSON {type(config).__name__}, not an object; give a config")
    if "task" not in config:
        kind = f" (model_type {config['model_type']!r} of Hugging Face)" if "model_type" in config else ""
        raise UserError(
            f"config {path} names no task, so it is not a config of timesuite{kind}; give one that `timesuite port "
            "export` or `timesuite train` wrote"
        )
    return resolve_paths(config, file.parent)


def resolve_paths(config: Mapping[str, Any], folder: epath.Path) -> dict[str, Any]:
    """Returns a config in which paths that begin with "./" are those of files in a folder; lists become tuples."""

    def resolved(text: str) -> str:
        found = _RELATIVE.fullmatch(text)
        return f"{found['role'] or ''}{folder / found['path']}" if found else text

    return _map_strings(dict(config), resolved)


def plain_paths(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a config without "./" at the beginning of paths, to be stored in another folder than the current one."""

    def plain(text: str) -> str:
        found = _RELATIVE.fullmatch(text)
        return f"{found['role'] or ''}{found['path']}" if found else text

    return _map_strings(dict(config), plain)


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:
    """The value with all of its strings changed, but not the keys of mappings; lists become tuples."""
    if isinstance(value, dict):
        return {key: _map_strings(part, change) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_map_strings(part, change) for part in value)
    return change(value) if isinstance(value, str) else value


def find_config(folder: epath.PathLike) -> dict[str, Any] | None:
    """Reads the config.json of a folder; None if there is none, or it is one of another program.

    Raises:
      UserError: if it is damaged.
    """
    file = to_path(folder) / CONFIG_NAME
    if not file.is_file():
        return None
    with suppress(ValueError, RecursionError):
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or "task" not in content:
            return None
    return read_config(file)
