"""Reads a list of classes.

| form | data sets |
|---|---|
| a name a line | Something-Something v1, and own lists |
| `NUMBER NAME` or `NUMBER,NAME` a line, with or without a heading | UCF-101 (`classInd.txt`, from 1), Kinetics |
| `NAME,NUMBER` a line | Moments in Time (`moments_categories.txt`) |
| JSON: a list of names, or `{NAME: NUMBER}` | Something-Something v2 (`labels.json`) |
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from timesuite_jax.data.timepro.annotation_file import is_text, load_json, read_data
from timesuite_jax.errors import UserError

_AFTER = re.compile(r"(?P<name>.*\S)\s*,\s*(?P<number>\d{1,6})")
_BEFORE = re.compile(r"(?P<number>\d{1,6})(?:\s*,\s*|\s+)(?P<name>.*\S)")
_HEADING = re.compile(r"(?i)id\s*,\s*(?:name|label|class)|(?:name|label|class)\s*,\s*id")


def read_class_list(path: Path) -> tuple[str, ...]:
    """Reads the names of classes in the order of their numbers.

    Raises:
      UserError: there is no such file, or its names and numbers do not make a list without gaps.
    """
    data = read_data(path, "list of classes")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"):
        return _of_json(path, load_json(path, data)[0])
    try:
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a list of classes: it is not a text in UTF-8; give one name a line") from error
    if lines and _HEADING.fullmatch(lines[0]):
        del lines[0]
    for form in (_BEFORE, _AFTER):
        found = [form.fullmatch(line) for line in lines]
        if lines and None not in found:
            return _in_order(path, [(int(one["number"]), one["name"]) for one in found if one is not None])
    for place, line in enumerate(lines):  # a name may begin with another number: "4 square"
        if (found := _BEFORE.fullmatch(line)) and int(found["number"]) in (place, place + 1):
            raise UserError(f"{path}: {line!r} is numbered, but not all lines are; number all classes or none")
    return _in_order(path, list(enumerate(lines)))


def _of_json(path: Path, value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and all(is_text(name) for name in value):
        return _in_order(path, list(enumerate(value)))
    if isinstance(value, dict) and all(str(number).isdecimal() for number in value.values()):
        return _in_order(path, [(int(number), name) for name, number in value.items()])
    raise UserError(f"{path} is not a list of classes; give a JSON list of names, or {{name: number}}")


def _in_order(path: Path, numbered: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    names = [" ".join(name.split()) for _, name in sorted(numbered)]
    numbers = sorted(number for number, _ in numbered)
    remedy = "correct the list"
    if not names:
        raise UserError(f"{path} has no classes; give a file with one name a line")
    if len(set(numbers)) < len(numbers):
        twice = next(number for number in numbers if numbers.count(number) > 1)
        raise UserError(f"{path} has the number {twice} twice; {remedy}")
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))) or numbers[0] > 1:
        raise UserError(f"{path} numbers {len(numbers)} classes {numbers[0]} to {numbers[-1]}, with gaps; {remedy}")
    if not all(names):
        raise UserError(f"{path} has a class without a name; {remedy}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"{path} has the class {twice!r} twice; {remedy}")
    return tuple(names)
