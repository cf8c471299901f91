"""Where the tokens of a vocabulary lead in an automaton, with tokens that lead alike merged to classes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from timesuite_jax.generation.grammar.automaton import NOWHERE, Automaton
from timesuite_jax.generation.grammar.graph import DIGIT, Part

_MAX_DIGITS = 3  # of a token, so that the value of a number fits int32 whatever digits follow
# Digits only at the end: what follows a number depends on its value.
_TEXT = re.compile(rf"[^0-9]*([0-9]{{0,{_MAX_DIGITS}}})")


@dataclass(frozen=True)
class TokenMoves:
    """Classes of tokens; class 0 leads nowhere.

    Attributes:
      class_of: class of each token.
      target: next node of each node for each class, `NOWHERE` if there is none.
      digits: number of digits of each class.
      value: the number that these are.
      ends: class of the tokens that end an answer; such a token leads to the node `end`.
      end: node after the end of an answer.
    """

    class_of: Int[np.ndarray, " V"]
    target: Int[np.ndarray, "nodes classes"]
    digits: Int[np.ndarray, " classes"]
    value: Int[np.ndarray, " classes"]
    ends: int
    end: int


def token_moves(automaton: Automaton, texts: Sequence[str], stop_tokens: Sequence[int], vocab: int) -> TokenMoves:
    """Follows every token from every node.

    Args:
      automaton: of the answers.
      texts: of each token; "" for one that no answer has.
      stop_tokens: tokens that end an answer.
      vocab: number of tokens of the model, which may be more than the tokenizer has.
    """
    tokens = [token for token, text in enumerate(texts) if text and _TEXT.fullmatch(text)]
    sequences: dict[tuple[int, ...], list[int]] = {}
    digits_of: dict[tuple[int, ...], list[str]] = {}
    for token in tokens:
        symbols = tuple(automaton.symbol(character) for character in texts[token])
        if NOWHERE not in symbols and token not in stop_tokens:
            sequences.setdefault(symbols, []).append(token)
            digits_of.setdefault(symbols, []).append(_TEXT.fullmatch(texts[token])[1])  # pyright: ignore[reportOptionalSubscript]
    ordered = list(sequences)
    target = _follow(automaton, ordered)
    # Tokens of one class lead alike, and have the same digits.
    classes: dict[tuple[bytes, str], int] = {}
    rows: list[Int[np.ndarray, " nodes"]] = []
    class_of = np.zeros(vocab, np.int32)
    for place in np.flatnonzero((target != NOWHERE).any(axis=1)).tolist():
        row = target[place]
        for token, digits in zip(sequences[ordered[place]], digits_of[ordered[place]], strict=True):
            key = row.tobytes(), digits
            if key not in classes:
                classes[key] = len(classes)
                rows.append(row)
            class_of[token] = 1 + classes[key]
    end, ends = len(automaton.tags), 1 + len(classes)
    class_of[list(stop_tokens)] = ends
    table = np.full((end + 1, ends + 1), NOWHERE, np.int32)
    for number, row in enumerate(rows):
        table[:end, 1 + number] = row
    table[[node for node in range(end) if automaton.tags[node].accepts is not None], ends] = end
    texts_of_classes = ["", *(digits for _, digits in classes), ""]
    return TokenMoves(
        class_of,
        table,
        np.array([len(digits) for digits in texts_of_classes], np.int32),
        np.array([int(digits or 0) for digits in texts_of_classes], np.int32),
        ends,
        end,
    )


def _follow(automaton: Automaton, sequences: Sequence[tuple[int, ...]]) -> Int[np.ndarray, "sequences nodes"]:
    """Node that each sequence of symbols leads to from each node; a sequence leaves or writes a number, not both."""
    longest = max(map(len, sequences), default=0)
    padded = np.full((len(sequences), longest + 1), NOWHERE, np.int32)
    for row, symbols in enumerate(sequences):
        padded[row, : len(symbols)] = symbols
    beginning = [np.flatnonzero(padded[:, 0] == symbol) for symbol in range(len(automaton.symbols))]
    digits = padded == automaton.symbols[DIGIT]
    mixed = digits.any(axis=1) & ~digits[:, 0]
    target = np.full((len(sequences), len(automaton.tags)), NOWHERE, np.int16)
    for node, tags in enumerate(automaton.tags):
        alive = np.concatenate(
            [beginning[symbol] for symbol in np.flatnonzero(automaton.moves[node] != NOWHERE)] or [[]]
        )
        alive = alive.astype(np.int64)
        if tags.part != Part.OUTSIDE:
            alive = alive[~mixed[alive]]
        reached, place = np.full(len(alive), node), 0
        while len(alive):
            symbols = padded[alive, place]
            done = symbols == NOWHERE
            target[alive[done], node] = reached[done]
            moved = automaton.moves[reached, symbols]
            kept = ~done & (moved != NOWHERE)
            alive, reached, place = alive[kept], moved[kept], place + 1
    return target
