"""Reads the histories to recommend for from a JSON or CSV file."""

import json
from pathlib import Path
from typing import Any

from timesuite_jax.data.interactions.csv_fields import csv_rows, parse_name, parse_time
from timesuite_jax.errors import UserError

Histories = dict[str, list[str]]  # user -> names of items, oldest first
_FORMATS = 'a list of items ["a", "b"], a list of such lists, or an object {"user": ["a", "b"]}'


def read_histories(path: Path) -> Histories:
    """Reads a `.json` file, or a CSV file with a column `item` and optional columns `user` and `time`.

    Rows of a CSV file are sorted by time if it has that column. Lists without a user belong to users "0", "1", and so
    on.

    Raises:
      UserError: if the file cannot be read, has another format, repeats a user (JSON), has an empty or invalid field
        (CSV), or contains no items.
    """
    try:
        histories = _read_json(path) if path.suffix == ".json" else _read_csv(path)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"cannot read {path}: {error}; give a CSV or a .json file") from error
    if not any(histories.values()):
        raise UserError(f"{path} contains no items; list the items of each user, oldest first")
    return histories


def _read_json(path: Path) -> Histories:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(pairs)
        if len(content) < len(pairs):
            names = [name for name, _ in pairs]
            repeated = next(name for name in names if names.count(name) > 1)
            raise UserError(f"{path} contains the name {repeated!r} twice; merge the two lists or rename one")
        return content

    content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=unique)
    if isinstance(content, list):
        lists = content if content and all(isinstance(part, list) for part in content) else [content]
        content = {str(number): part for number, part in enumerate(lists)}
    if not isinstance(content, dict) or not all(isinstance(part, list) for part in content.values()):
        raise UserError(f"{path} contains no histories; write {_FORMATS}")
    histories: Histories = {}
    for user, items in content.items():
        try:
            histories[user] = [parse_name(item, "item") for item in items]
        except ValueError as error:
            raise UserError(f"{path}, user {user}: {error}") from error
    return histories


def _read_csv(path: Path) -> Histories:
    histories: Histories = {}
    rows = []
    for position, row in csv_rows(path, ["item"], optional=["user", "time"]):
        try:
            user, item = parse_name(row.get("user", "0"), "user"), parse_name(row["item"], "item")
            rows.append((parse_time(row.get("time", 0)), user, item))
        except ValueError as error:
            raise UserError(f"{position}: {error}") from error
        histories[user] = []
    for _, user, item in sorted(rows, key=lambda row: row[0]):
        histories[user].append(item)
    return histories
