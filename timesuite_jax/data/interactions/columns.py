"""Finds the columns of users, items and times among those of a file."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from timesuite_jax.errors import UserError
from timesuite_jax.suggestions import did_you_mean

COLUMNS = ("user", "item", "time")
# Names that data sets use, in lower case and without separators; the first is the column's role.
_KNOWN: Mapping[str, tuple[str, ...]] = {
    "user": ("user", "userid", "uid", "username", "reviewerid", "customerid", "visitorid"),
    "item": (
        *("item", "itemid", "iid", "movieid", "productid", "parentasin", "asin", "businessid", "bookid", "songid"),
        *("trackid", "articleid", "newsid", "gameid", "sku"),
    ),
    "time": ("time", "timestamp", "ts", "unixreviewtime", "datetime", "date", "createdat", "eventtime"),
}
NAME_COLUMNS = (
    "name those of users, items and times, e.g. --columns userId,movieId,timestamp, or give their numbers if the file "
    "has no header, e.g. --columns 1,2,4"
)
_RECBOLE = re.compile(r"(.+):(token|token_seq|float|float_seq)")


def find_columns(
    path: Path,
    names: Sequence[str],
    wanted: Sequence[str] | None,
    optional: Sequence[str] = (),
    remedy: str = NAME_COLUMNS,
) -> tuple[int | None, ...]:
    """Returns the positions of the columns of users, items and times; None for an optional one that is absent.

    Args:
      path: of the file, for errors.
      names: the file's columns; the types in RecBole's ("user_id:token") are not part of the name.
      wanted: names of the three columns, or their numbers, from 1; by default they are found by name.
      optional: which of "user", "item" and "time" may be absent, if `wanted` is not given.
      remedy: how to choose other columns, for errors.

    Raises:
      UserError: if a column is absent, or there are several of one name.
    """
    names = [strip_type(name) for name in names]
    if wanted and are_positions(wanted):
        places = [int(number) - 1 for number in wanted]
        if max(places) >= len(names):
            raise UserError(f"{path} has {len(names)} columns ({_list(names)}), no column {max(places) + 1}")
        return tuple(places)
    if wanted:
        roles = {name: [n for n, known in enumerate(names) if known == strip_type(name)] for name in wanted}
    else:
        roles = {role: _find_role(role, names) for role in COLUMNS}
    if missing := [role for role, places in roles.items() if not places and role not in optional]:
        hint = next(filter(None, (did_you_mean(name, names) for name in missing)), "")
        raise UserError(
            f"{path} has no column {', '.join(missing)}; its columns are {_list(names)}; {hint}{hint and ' '}{remedy}"
        )
    for role, places in roles.items():
        if len(places) > 1:
            same = [names[place] for place in places]
            if len(set(same)) == 1:
                raise UserError(f"{path} has more than one column {same[0]}; rename or remove the others")
            raise UserError(f"{path}: each of the columns {_list(same)} may be the {role}; {remedy}")
    return tuple(places[0] if places else None for places in roles.values())


def are_positions(wanted: Sequence[str]) -> bool:
    """Whether columns are given by their numbers."""
    return all(re.fullmatch(r"[1-9]\d{0,3}", name) for name in wanted)


def strip_type(name: str) -> str:
    """Returns the name of a column without RecBole's type."""
    typed = _RECBOLE.fullmatch(name.strip())
    return typed[1] if typed else name.strip()


def _find_role(role: str, names: Sequence[str]) -> list[int]:
    exact = [place for place, name in enumerate(names) if name == role]
    return exact or [place for place, name in enumerate(names) if re.sub(r"[\s_-]", "", name.lower()) in _KNOWN[role]]


def _list(names: Sequence[str]) -> str:
    if not names:
        return "none"
    shown = ", ".join(name[:40] for name in names[:20])
    return f"{shown}, and {len(names) - 20} more" if len(names) > 20 else shown
