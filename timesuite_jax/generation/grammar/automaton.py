"""The deterministic automaton of an answer graph."""

import unicodedata
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Int

from timesuite_jax.generation.grammar.graph import DIGIT, LETTER, MARK, AnswerGraph, Tags

T = TypeVar("T")
NOWHERE = -1


@dataclass(frozen=True)
class Automaton:
    """A deterministic automaton over symbols: characters of the literals, and the labels of many characters.

    Attributes:
      symbols: index of each symbol.
      moves: next node of each node for each symbol, `NOWHERE` if there is none.
      tags: of each node.
      forms: entry node of each form of answers.
    """

    symbols: dict[str, int]
    moves: Int[np.ndarray, "nodes symbols"]
    tags: tuple[Tags, ...]
    forms: dict[str, int]

    def symbol(self, character: str) -> int:
        """Returns the symbol of a character; `NOWHERE` for one that no answer has."""
        label = character if character in self.symbols else _label(character)
        return self.symbols.get(label, NOWHERE)

    def accepts(self, form: str, text: str) -> bool:
        """Returns whether a text is an answer of a form, whatever its numbers are."""
        node = self.forms[form]
        for character in text:
            symbol = self.symbol(character)
            node = int(self.moves[node, symbol]) if symbol >= 0 else NOWHERE
            if node < 0:
                return False
        return self.tags[node].accepts is not None


def determinize(graph: AnswerGraph) -> Automaton:
    """Builds the automaton by the subset construction.

    Raises:
      ValueError: answers that begin alike need different properties of one node, e.g. bounds of one number.
    """
    literals = {label for edges in graph.edges for label, _ in edges} - {DIGIT, LETTER, MARK}
    symbols = {label: number for number, label in enumerate([*sorted(literals), DIGIT, LETTER, MARK])}
    numbers: dict[frozenset[int], int] = {}
    pending: list[frozenset[int]] = []

    def number_of(members: set[int]) -> int:
        node = _closure(graph, members)
        if node not in numbers:
            numbers[node] = len(numbers)
            pending.append(node)
        return numbers[node]

    forms = {name: number_of({entry}) for name, entry in graph.forms.items()}
    rows: dict[int, list[int]] = {}
    while pending:
        members = pending.pop()
        targets: dict[str, set[int]] = {symbol: set() for symbol in symbols}
        for label, target in (edge for member in members for edge in graph.edges[member]):
            for symbol in symbols:
                if label == symbol or (len(symbol) == 1 and label == _label(symbol)):
                    targets[symbol].add(target)
        rows[numbers[members]] = [number_of(found) if found else NOWHERE for found in targets.values()]
    moves = np.array([rows[node] for node in range(len(rows))], np.int32)
    tags = tuple(_merged([graph.tags[member] for member in members]) for members in numbers)
    return Automaton(symbols, moves, tags, forms)


def _label(character: str) -> str:
    """Label of a character that is no literal; "" for one that no answer has: it may be read as a number."""
    if character in "0123456789":
        return DIGIT
    if unicodedata.numeric(character, None) is not None or not character.isprintable() or character in " .":
        return ""
    return LETTER if character.isalpha() else MARK


def _closure(graph: AnswerGraph, members: set[int]) -> frozenset[int]:
    found, pending = set(members), list(members)
    while pending:
        for target in graph.joins[pending.pop()]:
            if target not in found:
                found.add(target)
                pending.append(target)
    return frozenset(found)


def _merged(tags: list[Tags]) -> Tags:
    none = Tags()
    return Tags(
        _only([tag.kind for tag in tags], none.kind),
        _only([tag.part for tag in tags], none.part),
        _only([tag.rest for tag in tags], none.rest),
        _only([tag.accepts for tag in tags], none.accepts),
    )


def _only(values: list[T], none: T) -> T:
    found = {value for value in values if value != none}
    if len(found) > 1:
        raise ValueError(f"answers that begin alike need {' and '.join(map(repr, found))} of one node")
    return found.pop() if found else none
