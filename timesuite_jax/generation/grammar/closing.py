"""How many tokens are needed to complete an answer."""

from collections.abc import Collection

import numpy as np
from jaxtyping import Bool, Int

from timesuite_jax.generation.grammar.automaton import NOWHERE, Automaton
from timesuite_jax.generation.grammar.graph import Kind, Part
from timesuite_jax.generation.grammar.token_moves import TokenMoves

MAX_WIDTH = 6  # digits of whole seconds
SCORE_WIDTH = 2  # digits of a score, at most 10
NEVER = 2**20  # tokens; no answer can be completed


def closing_tokens(
    automaton: Automaton, moves: TokenMoves, ends: Collection[int] | None = None
) -> Int[np.ndarray, "widths nodes"]:
    """Returns how many tokens suffice from each node, for videos whose seconds have 1, 2, ... digits.

    Args:
      automaton: of the answers.
      moves: of the tokens.
      ends: nodes at which answers may end; all that accept if not given.

    From every node from which an answer can be completed there is a token after which one token less suffices, whatever
    the bounds of numbers are: of a number in progress all digits that it may have are counted, one less for each that
    it has. Scores of moments after the first are not counted, see `Tables.score_tokens`.
    """
    chosen = [tags.accepts is not None and (ends is None or node in ends) for node, tags in enumerate(automaton.tags)]
    last = np.array([*chosen, False])
    return np.stack([_closing(automaton, moves, last, width) for width in range(1, MAX_WIDTH + 1)])


def _closing(
    automaton: Automaton, moves: TokenMoves, last: Bool[np.ndarray, " nodes"], width: int
) -> Int[np.ndarray, " nodes"]:
    tags, end = automaton.tags, moves.end
    digit = np.array([*(_digit_target(row, moves) for row in moves.target[:end]), NOWHERE])
    plain = np.where(moves.digits == 0, moves.target, NOWHERE)
    plain[~last, moves.ends] = NOWHERE
    sources, classes = np.nonzero(plain != NOWHERE)
    steps = np.stack([sources, plain[sources, classes]])
    steps = np.unique(
        np.concatenate([steps, np.stack([np.arange(end + 1), digit])[:, digit != NOWHERE]], axis=1), axis=1
    )
    whole = [node for node in range(end) if tags[node].part == Part.WHOLE]
    # After the first digit of a number: more digits, the point, a decimal, and what follows.
    after = {node: _after_point(node, steps, digit, automaton) for node in whole}
    most = {node: SCORE_WIDTH if tags[node].kind == Kind.SCORE else width for node in whole}
    needed = np.full(end + 1, NEVER, np.int64)
    while True:
        found = np.full_like(needed, NEVER)
        np.minimum.at(found, steps[0], 1 + needed[steps[1]])
        found[end] = 0
        for node in whole:
            found[node] = most[node] + 1 + needed[after[node]] if after[node] != NOWHERE else NEVER
        found = np.minimum(found, NEVER)
        if np.array_equal(found, needed):
            return needed.astype(np.int32)
        needed = found


def _after_point(node: int, steps: Int[np.ndarray, "2 steps"], digit: Int[np.ndarray, " nodes"], of: Automaton) -> int:
    """Node after the decimal of a number; `NOWHERE` if the vocabulary cannot write all of its digits."""
    points = [
        target for target in steps[1, steps[0] == node] if target < len(of.tags) and of.tags[target].part == Part.POINT
    ]
    return int(digit[points[0]]) if points and digit[node] == node else NOWHERE


def _digit_target(row: Int[np.ndarray, " classes"], moves: TokenMoves) -> int:
    """Node that each of the ten digits leads to as one token; `NOWHERE` if the vocabulary lacks one of them there."""
    single = (moves.digits == 1) & (row != NOWHERE)
    found = dict(zip(moves.value[single].tolist(), row[single].tolist(), strict=True))
    return found[0] if len(found) == 10 and len(set(found.values())) == 1 else NOWHERE
