"""Reads the histories to recommend for from a JSON file or from rows of a log."""

import json
from pathlib import Path
from typing import Any

from timesuite_jax.data.interactions.log_file import open_log
from timesuite_jax.data.interactions.log_reader import read_interactions
from timesuite_jax.data.interactions.names import parse_name
from timesuite_jax.errors import UserError
from timesuite_jax.storage.compressed import explain_read_errors, open_decompressed

Histories = dict[str, list[str]]  # user -> names of items, oldest first
_REMEDY = "rename the column of items to item, and those of users and times, if there are any, to user and time"
_FORMATS = 'a list of items ["a", "b"], a list of such lists, or an object {"user": ["a", "b"]}'


def read_histories(path: Path) -> Histories:
    """Reads a `.json` file, or rows in any format of a log, where columns of users and times are optional.

    Rows are sorted by time if there is that column. Lists without a user belong to users "0", "1", and so on.

    Raises:
      UserError: if the file cannot be read, has another format, repeats a user (JSON), has an empty or invalid field,
        or contains no items.
    """
    try:
        histories = _read_json(path) if ".json" in path.suffixes[-2:] else _read_rows(path)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"cannot read {path}: {error}; give rows with a column item, or a .json file with {_FORMATS}"
        ) from error
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

    with explain_read_errors(path), open_decompressed(path) as file:
        content = json.loads(file.read().decode("utf-8-sig"), object_pairs_hook=unique)
    if isinstance(content, list):
        lists = content if content and all(isinstance(part, list) for part in content) else [content]
        content = {str(number): part for number, part in enumerate(lists)}
    if not isinstance(content, dict) or not all(isinstance(part, list) for part in content.values()):
        raise UserError(f"{path} contains no histories; write {_FORMATS}, or name a file of one object a line .jsonl")
    histories: Histories = {}
    for user, items in content.items():
        try:
            histories[user] = [parse_name(item, "item") for item in items]
        except ValueError as error:
            raise UserError(f"{path}, user {user}: {error}") from error
    return histories


def _read_rows(path: Path) -> Histories:
    log = read_interactions(open_log(path, optional=("user", "time"), remedy=_REMEDY)).sort()
    histories: Histories = {user: [] for user in log.user_names}
    for user, item in zip(log.users.tolist(), log.items.tolist(), strict=True):
        histories[log.user_names[user]].append(log.item_names[item])
    return histories
