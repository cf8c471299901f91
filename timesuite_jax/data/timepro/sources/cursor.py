"""Reads fields of untrusted JSON values; an error names the location and the value."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from timesuite_jax.data.question_spans import Span
from timesuite_jax.data.timepro.annotated_spans import is_seconds
from timesuite_jax.data.timepro.annotation_file import is_text, kind

_SHOWN = 60  # letters of a wrong value


class BadField(Exception):
    """A field that is missing or has a wrong value.

    Args:
      location: where it is in the file.
      reason: what is wrong with it.
    """

    def __init__(self, location: str, reason: str):
        super().__init__(f"{location}: {reason}")
        self.location, self.reason = location, reason


@dataclass(frozen=True)
class Cursor:
    """A value of an annotation file, and where it is.

    Attributes:
      location: for messages: "[3].times[0]", "line 12", "['v_1'].timestamps".
      value: any JSON value.
      key: the key of an object that it is the value of.
    """

    location: str
    value: Any
    key: str = ""

    def wrong(self, needed: str) -> BadField:
        """Returns the error for a value that is not what it must be."""
        shown = repr(self.value)
        return BadField(self.location, f"is {shown[:_SHOWN]}{'...' if len(shown) > _SHOWN else ''}, not {needed}")

    def fields(self) -> dict[str, Any]:
        """Returns the value, which must be an object.

        Raises:
          BadField: it is not.
        """
        if not isinstance(self.value, dict):
            raise BadField(self.location, f"is a {kind(self.value)}, not an object")
        return self.value

    def optional(self, name: str) -> "Cursor | None":
        """Returns a field of an object; None if it is missing or null.

        Raises:
          BadField: the value is not an object.
        """
        value = self.fields().get(name)
        return None if value is None else Cursor(self._inner(name), value)

    def field(self, *names: str) -> "Cursor":
        """Returns the first of several fields that an object has.

        Raises:
          BadField: the value is not an object, or has none of the fields.
        """
        for name in names:
            if (found := self.optional(name)) is not None:
                return found
        raise BadField(self._inner(names[0]), "is missing")

    def _inner(self, name: str) -> str:
        return f"{self.location}.{name}" if self.location else name

    def items(self) -> list["Cursor"]:
        """Returns the items of a list.

        Raises:
          BadField: the value is not a list.
        """
        if not isinstance(self.value, list | tuple):
            raise BadField(self.location, f"is a {kind(self.value)}, not a list")
        return [Cursor(f"{self.location}[{number}]", item) for number, item in enumerate(self.value)]

    def entries(self) -> Iterator["Cursor"]:
        """Yields the values of an object, with their keys.

        Raises:
          BadField: the value is not an object.
        """
        for key, value in self.fields().items():
            yield Cursor(f"{self.location}[{key[:_SHOWN]!r}]", value, key)

    def key_name(self) -> str:
        """Returns the key, which is the name of a video.

        Raises:
          BadField: it is empty.
        """
        return Cursor(f"the key of {self.location}", self.key).name()

    def text(self) -> str:
        """Returns a text with single spaces.

        Raises:
          BadField: the value is not a text, or an empty one.
        """
        if not is_text(self.value) or "\0" in self.value or not self.value.strip():
            raise self.wrong("a text")
        return " ".join(self.value.split())

    def name(self) -> str:
        """Returns a name of a video, with its spaces as they are.

        Raises:
          BadField: the value is not a text, or an empty one.
        """
        self.text()
        return self.value

    def number(self) -> float:
        """Returns a finite number below a billion.

        Raises:
          BadField: the value is not one.
        """
        if not is_seconds(self.value):
            raise self.wrong("a number")
        return float(self.value)

    def positive(self) -> float:
        """Returns a positive number: a duration, or a frame rate.

        Raises:
          BadField: the value is not one.
        """
        if (number := self.number()) <= 0:
            raise self.wrong("a positive number")
        return number

    def duration(self) -> float | None:
        """Returns the field `duration` of an object; None if it has none.

        Raises:
          BadField: the value is not an object, or its duration is not a positive number.
        """
        found = self.optional("duration")
        return None if found is None else found.positive()

    def span(self) -> Span:
        """Returns a pair of numbers, in any order and unit.

        Raises:
          BadField: the value is not one.
        """
        edges = self.items()
        if len(edges) != 2:
            raise self.wrong("[start, end]")
        return edges[0].number(), edges[1].number()

    def spans(self) -> tuple[Span, ...]:
        """Returns a list of pairs of numbers, of which one may be alone: [[1, 2], [5, 6]], [1, 2].

        Raises:
          BadField: the value is not one.
        """
        items = self.items()
        if items and not isinstance(items[0].value, list | tuple):
            return (self.span(),)
        return tuple(item.span() for item in items)


def pairs(first: Cursor, second: Cursor) -> list[tuple[Cursor, Cursor]]:
    """Returns the items of two parallel lists.

    Raises:
      BadField: one is not a list, or they differ in length.
    """
    one, two = first.items(), second.items()
    if len(one) != len(two):
        raise BadField(first.location, f"has {len(one)} items, and {second.location} has {len(two)}")
    return list(zip(one, two, strict=True))
