"""Histories to recommend for, from a file that a person or a program writes."""

import json
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data.csv_fields import csv_rows, read_name, read_time

Histories = dict[str, list[str]]  # user -> names of items, the oldest first
_FORMS = 'a list of items ["a", "b"], a list of such lists, or an object {"user": ["a", "b"]}'


def read_histories(path: Path) -> Histories:
    """Reads a `.json` file, or a CSV file with a column `item` and, if they are needed, `user` and `time`.

    Rows of a CSV file come in the order of time, where it is given, and else as they stand. Lists without a user belong
    to users called "0", "1", and so on.

    Raises:
      UserError: if the file cannot be read, has another form, names a user twice (.json) or none (CSV), or
        holds no item.
    """
    try:
        histories = _from_json(path) if path.suffix == ".json" else _from_csv(path)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"cannot read {path}: {error}; give a CSV or a .json file") from error
    if not any(histories.values()):
        raise UserError(f"{path} holds no item; give the items that a user took, the oldest first")
    return histories


def _from_json(path: Path) -> Histories:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise UserError(f"{path} names {twice!r} twice; join the two lists or rename one")
        return found

    content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=unique)
    if isinstance(content, list):
        lists = content if content and all(isinstance(part, list) for part in content) else [content]
        content = {str(number): part for number, part in enumerate(lists)}
    if not isinstance(content, dict) or not all(isinstance(part, list) for part in content.values()):
        raise UserError(f"{path} holds no histories; write {_FORMS}")
    return {
        user: [read_name(item, "item", f"{path}, user {user}") for item in items] for user, items in content.items()
    }


def _from_csv(path: Path) -> Histories:
    histories: Histories = {}
    taken = []
    for where, row in csv_rows(path, ["item"], optional=["user", "time"]):
        user, item = read_name(row.get("user", "0"), "user", where), read_name(row["item"], "item", where)
        histories[user] = []
        taken.append((read_time(row.get("time", 0), where), user, item))
    for _, user, item in sorted(taken, key=lambda row: row[0]):
        histories[user].append(item)
    return histories
