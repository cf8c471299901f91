"""Keeps what a run needs besides its parameters in its folder: its config and the files that this names.

WORKDIR/config.json names the copies in WORKDIR/files/KEY/ by paths that are relative to it ("./files/..."), so that a
run can be moved, and used where the original files do not exist.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
from etils import epath

from timesuite_jax.config_file import CONFIG_NAME, plain_paths, write_config
from timesuite_jax.storage.atomic_write import replace_bytes
from timesuite_jax.storage.remote_path import absolute, to_path
from timesuite_jax.storage.write_errors import explain_write_errors

_FILES = "files"
_log = logging.getLogger(__name__)

RunFiles = Mapping[str, Sequence[epath.Path]]  # dotted key of the config -> its file, and files that belong beside it


def run_relative(config: Mapping[str, Any], files: RunFiles) -> dict[str, Any]:
    """Returns a config in which the keys of the files name the run's copies."""
    return name_copies(plain_paths(config), files)


def name_copies(config: Mapping[str, Any], files: RunFiles) -> dict[str, Any]:
    """Returns a config in which the keys of the files name the copies in its folder; see `copy_files`."""
    config = dict(config)
    for key, (file, *_) in files.items():
        config = _replaced(config, key.split("."), f"./{_FILES}/{key}/{file.name}")
    return config


def store(workdir: epath.Path, config: Mapping[str, Any], files: RunFiles) -> list[str]:
    """Copies the files and writes config.json, in the first process.

    Args:
      workdir: of the run.
      config: see `run_relative`.
      files: to copy, unless the run has them already.

    Returns:
      The keys whose copies had another content.

    Raises:
      UserError: if the folder cannot be written, or a file cannot be read.
    """
    if jax.process_index() != 0:
        return []
    with explain_write_errors(workdir, "work folder"):
        changed = copy_files(workdir, files)
        write_config(workdir / CONFIG_NAME, config)
    return changed


def copy_files(folder: epath.Path, files: RunFiles) -> list[str]:
    """Copies files to the folder of a config; returns the keys whose copies had another content."""
    return [key for key, paths in files.items() if _copy(folder / _FILES / key, paths)]


def _copy(folder: epath.Path, paths: Sequence[epath.Path]) -> bool:
    """Copies files to a folder; returns whether it had other ones."""
    contents = {path.name: path.read_bytes() for path in paths}
    present = {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}
    if present == contents:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        replace_bytes(folder / name, content)
    for name in present.keys() - contents:
        (folder / name).unlink()
    return bool(present)


def use_run_files(config: Mapping[str, Any], workdir: epath.PathLike) -> dict[str, Any]:
    """Returns a config that names the run's copies of files where its own files do not exist.

    Args:
      config: that a run in `workdir`, if there is one, resumes with.
      workdir: of the run.
    """
    folder, changed = absolute(workdir), dict(config)
    file = folder / CONFIG_NAME
    try:
        stored = dict(_leaves(json.loads(file.read_text()))) if file.exists() else {}
    except ValueError:  # damaged: the run writes it again
        return changed
    for keys, copy in stored.items():
        if not (isinstance(copy, str) and copy.startswith(f"./{_FILES}/")):
            continue
        given = _value(config, keys)
        if isinstance(given, str) and not to_path(given).exists():
            path = os.fspath(folder / copy)
            _log.warning("config.%s=%r does not exist; using the run's copy, %s", ".".join(keys), given, path)
            changed = _replaced(changed, keys, path)
    return changed


def _leaves(config: Any, keys: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(config, dict):
        for key, part in config.items():
            yield from _leaves(part, (*keys, key))
    else:
        yield keys, config


def _value(config: Any, keys: Sequence[str]) -> Any:
    for key in keys:
        config = config.get(key) if isinstance(config, Mapping) else None
    return config


def _replaced(config: Mapping[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    """Returns a config with another value under nested keys."""
    key, *rest = keys
    return {**config, key: _replaced(config[key], rest, value) if rest else value}
