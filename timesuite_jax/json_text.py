"""Writes standard JSON, without the NaN and infinities that `json` writes by default and few programs read."""

import json
import math
from collections.abc import Mapping
from typing import Any


def to_json(value: Any, **options: Any) -> str:
    """Returns a value as JSON, with null for numbers that are NaN or infinite.

    Args:
      value: of the types that `json` writes.
      options: of `json.dumps`.
    """
    return json.dumps(finite(value), allow_nan=False, **options)


def finite(value: Any) -> Any:
    """Returns a JSON value with None for NaN and infinities."""
    if isinstance(value, Mapping):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
