"""The wordings of answers as a graph over characters, in which numbers are marked by what they state."""

from dataclasses import dataclass, field
from enum import IntEnum

DIGIT, LETTER, MARK = "digit", "letter", "mark"
"""Labels of edges for many characters: ASCII digits; letters; other printable characters but space and full stop."""


class Kind(IntEnum):
    """What a number states; times are seconds with at most one decimal."""

    NONE = 0
    START = 1  # of a span: before the end of the video
    END = 2  # of the span whose start comes before it: after that start, within the video
    TIME = 3  # within the video
    MOMENT = 4  # within the video, with a score after all moments
    SCORE = 5


class Part(IntEnum):
    """Which part of a number was written last."""

    OUTSIDE = 0
    WHOLE = 1  # digits before the point
    POINT = 2
    TENTHS = 3


class Rest(IntEnum):
    """How many moments without a score a node needs."""

    ANY = 0
    SOME = 1
    NONE = 2


class Outcome(IntEnum):
    """What an answer states of the event: nothing (or it is not decided yet), that it happens, or that it does not."""

    OPEN = 0
    PRESENT = 1
    ABSENT = 2


@dataclass(frozen=True)
class Tags:
    """Properties of a node; zeros where it has none."""

    kind: Kind = Kind.NONE
    part: Part = Part.OUTSIDE
    rest: Rest = Rest.ANY
    accepts: Outcome | None = None  # of the answers that may end here


@dataclass
class AnswerGraph:
    """A nondeterministic automaton; nodes are numbers.

    Attributes:
      edges: of each node, (label, next node); a label is a character, `DIGIT`, `LETTER` or `MARK`.
      joins: of each node, the nodes that it is passed to without a character.
      tags: of each node.
      forms: entry node of each form of answers.
    """

    edges: list[list[tuple[str, int]]] = field(default_factory=list)
    joins: list[list[int]] = field(default_factory=list)
    tags: list[Tags] = field(default_factory=list)
    forms: dict[str, int] = field(default_factory=dict)

    def node(self, tags: Tags = Tags()) -> int:
        """Adds a node."""
        self.edges.append([])
        self.joins.append([])
        self.tags.append(tags)
        return len(self.tags) - 1

    def join(self, source: int, target: int) -> None:
        """Passes from a node to another without a character."""
        self.joins[source].append(target)

    def literal(self, source: int, text: str, rest: Rest = Rest.ANY) -> int:
        """Adds a text without digits behind a node; returns the node after it."""
        for character in text:
            target = self.node(Tags(rest=rest))
            self.edges[source].append((character, target))
            source = target
        return source

    def number(self, source: int, kind: Kind, *, decimal: bool = False) -> int:
        """Adds a number behind a node; returns the node after it.

        Args:
          source: node before its first digit.
          kind: what it states.
          decimal: whether a decimal is required.
        """
        whole, point, tenths = (self.node(Tags(kind, part)) for part in (Part.WHOLE, Part.POINT, Part.TENTHS))
        after = self.node()
        self.edges[source].append((DIGIT, whole))
        self.edges[whole] += [(DIGIT, whole), (".", point)]
        self.edges[point].append((DIGIT, tenths))
        self.join(tenths, after)
        if not decimal:
            self.join(whole, after)
        return after

    def sentences(self, source: int) -> tuple[int, int, int]:
        """Adds any text without digits behind a node, beginning with a letter.

        Returns:
          The nodes within the text, after a full stop, and after a full stop and spaces.
        """
        within, stop, gap = self.node(), self.node(), self.node()
        self.edges[source].append((LETTER, within))
        self.edges[within] += [(LETTER, within), (MARK, within), (" ", within), (".", stop)]
        self.edges[stop] += [(LETTER, within), (MARK, within), (" ", gap), (".", stop)]
        self.edges[gap] += [(LETTER, within), (MARK, within), (" ", gap)]
        return within, stop, gap

    def form(self, name: str) -> int:
        """Begins a form of answers, with or without a space; returns the node of its first character."""
        entry, first = self.node(), self.node()
        self.forms[name] = entry
        self.join(entry, first)
        self.join(self.literal(entry, " "), first)
        return first

    def accept(self, source: int, outcome: Outcome, rest: Rest = Rest.ANY) -> None:
        """Lets answers end at a node, or after one more space, as training texts do."""
        end = Tags(rest=rest, accepts=outcome)
        last, spaced = self.node(end), self.node(end)
        self.join(source, last)
        self.edges[last].append((" ", spaced))
