"""Finds the characters with which the matches of a regular expression begin, so that few are tried at a position."""

import re

_DIGITS = frozenset("0123456789")
_NO_CHARACTERS = frozenset[str]()
_First = tuple[frozenset[str] | None, bool, int]  # first characters, None if unknown; whether empty; position behind


def first_characters(pattern: str) -> frozenset[str] | None:
    """Returns the characters with which a match can begin; None if the pattern does not list them.

    Only of the syntax that the tables of the grammar use, in verbose mode: literals, `\\b`, `\\d`, classes, groups,
    lookarounds and quantifiers. Of anything else it returns None.

    Args:
      pattern: regular expression over text whose digits are ASCII.
    """
    first, empty, _ = _alternatives(pattern, 0)
    return None if empty else first


def _alternatives(pattern: str, at: int) -> _First:
    first, empty = _NO_CHARACTERS, False
    while True:
        characters, is_empty, at = _sequence(pattern, at)
        first, empty = _union(first, characters), empty or is_empty
        if at >= len(pattern) or pattern[at] == ")":
            return first, empty, at + 1
        at += 1  # "|"


def _sequence(pattern: str, at: int) -> _First:
    first, empty = _NO_CHARACTERS, True
    while at < len(pattern) and pattern[at] not in "|)":
        characters, is_empty, at = _item(pattern, at)
        quantifier = pattern[at : at + 2]
        if quantifier[:1] in ("?", "*") or quantifier == "{0":
            is_empty = True
        if quantifier[:1] == "{":
            at = pattern.index("}", at)
        if quantifier[:1] in ("?", "*", "+", "{"):
            at += 1
        if empty:
            first = _union(first, characters)
        empty = empty and is_empty
    return first, empty, at


def _item(pattern: str, at: int) -> _First:
    ch = pattern[at]
    if ch == "(":
        if pattern.startswith(("(?=", "(?!", "(?<=", "(?<!"), at):
            return _NO_CHARACTERS, True, _alternatives(pattern, at + (4 if pattern[at + 2] == "<" else 3))[2]
        start = at + 1
        if pattern.startswith("(?:", at):
            start = at + 3
        elif pattern.startswith("(?P<", at):
            start = pattern.index(">", at) + 1
        return _alternatives(pattern, start)
    if ch == "[":
        end = pattern.index("]", at + 2)
        return _members(pattern[at + 1 : end]), False, end + 1
    if ch == "\\":
        escaped = pattern[at + 1]
        if escaped == "b":
            return _NO_CHARACTERS, True, at + 2
        known = _DIGITS if escaped == "d" else None if escaped.isalnum() else frozenset(escaped)
        return known, False, at + 2
    if ch.isspace() or ch in "^$":
        return _NO_CHARACTERS, True, at + 1
    return (None if ch == "." else frozenset(ch)), False, at + 1


def _members(members: str) -> frozenset[str] | None:
    """The characters of a class; None for the complement of one, and with escapes."""
    if members.startswith("^") or "\\" in members:
        return None
    characters = set(members)
    for first, last in re.findall(r"(.)-(.)", members):
        characters.update(map(chr, range(ord(first), ord(last) + 1)))
    if "-" in members[1:-1]:
        characters.discard("-")
    return frozenset(characters)


def _union(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other
