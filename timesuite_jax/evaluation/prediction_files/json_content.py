"""Reads a file of JSON or JSON Lines as a whole."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError


def read_json_content(path: Path) -> Any:
    """Returns the content of a JSON file, or the list of the values of a file with one JSON value a line.

    Raises:
      UserError: the file does not exist, is not text or is not JSON, or an object has a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; give a file of JSON or JSON Lines") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not text in UTF-8 ({error.reason}); give JSON or JSON Lines") from error
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise UserError(f"{path} is empty; give a file with at least one prediction or truth")
    unique_keys = partial(_unique_keys, path)
    try:
        return json.loads(text, object_pairs_hook=unique_keys)
    except (ValueError, RecursionError) as whole:
        if len(lines) == 1:
            raise UserError(f"{path} is not JSON ({whole}); give a file of JSON or JSON Lines") from whole
    values = []
    for number, line in lines:
        try:
            values.append(json.loads(line, object_pairs_hook=unique_keys))
        except (ValueError, RecursionError) as error:
            raise UserError(
                f"{path} is neither JSON nor JSON Lines: line {number} is not a JSON value ({error}); correct it"
            ) from error
    return values


def _unique_keys(path: Path, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Returns an object of JSON, of which `json` would keep the last of equal keys.

    Raises:
      UserError: a key occurs twice.
    """
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UserError(f"{path} has the key {key!r} twice in one object; keep one")
        found[key] = value
    return found
