"""The settings that a work folder was started with, so that the same command resumes and another one is rejected."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from timesuite_jax.data.corpora.corpus import write_json
from timesuite_jax.errors import UserError


def read_settings(file: Path) -> dict[str, Any] | None:
    """Reads the JSON object that an app keeps in its work folder; None if there is none.

    Raises:
      UserError: the file is damaged.
    """
    if not file.exists():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("no object")
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file} is damaged; give another --workdir or remove it") from error
    return content


def check_settings(found: Mapping[str, Any], given: Mapping[str, Any], workdir: Path, what: str) -> None:
    """Checks that a work folder was started with the settings of a command.

    Args:
      found: of the folder.
      given: by the command, as JSON values.
      workdir: the folder.
      what: was started in it, "a quickstart".

    Raises:
      UserError: with the settings that differ.
    """
    if found != given:
        keys = [key for key in {**found, **given} if found.get(key) != given.get(key)]
        changes = ", ".join(f"{key}: {found.get(key)!r} -> {given.get(key)!r}" for key in keys)
        raise UserError(
            f"{workdir} has {what} with other options; give another --workdir or remove it (changed: {changes})"
        )


def keep_settings(file: Path, given: Mapping[str, Any], what: str) -> None:
    """Stores the settings of a command in a new work folder; in another one, checks that they are the same.

    Args:
      file: in the work folder.
      given: by the command.
      what: was started in the folder, "a quickstart".

    Raises:
      UserError: with the settings that differ, or if the file is damaged.
    """
    values = json.loads(json.dumps(given))  # through JSON, which turns tuples into lists
    if (found := read_settings(file)) is None:
        write_json(file, values)
    else:
        check_settings(found, values, file.parent, what)
