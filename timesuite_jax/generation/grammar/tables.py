"""A grammar of answers over the tokens of a vocabulary, as arrays."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from timesuite_jax.generation.grammar.automaton import NOWHERE, determinize
from timesuite_jax.generation.grammar.closing import NEVER, closing_tokens
from timesuite_jax.generation.grammar.graph import AnswerGraph, Kind, Outcome, Part, Rest
from timesuite_jax.generation.grammar.token_moves import TokenMoves, token_moves

FREE = "free"
"""Name of the form that accepts every text."""


@dataclass(frozen=True)
class Tables:
    """The nodes of all forms; the last one is that of `FREE`.

    Attributes:
      class_of: class of each token.
      target: next node of each node for each class, `NOWHERE` if there is none.
      digits, value: number of digits of each class, and the number that these are.
      kind, part, rest: of each node, see `graph.Tags`.
      outcome: what all answers from each node on state; `OPEN` where some state this and others that.
      closing: how many tokens suffice to complete an answer from each node, see `closing_tokens`.
      uncounted: scores that a node needs beside those of the moments so far, less those in `closing`.
      score_tokens: how many tokens suffice for each of these.
      forms: entry node of each form.
    """

    class_of: Int[np.ndarray, " V"]
    target: Int[np.ndarray, "nodes classes"]
    digits: Int[np.ndarray, " classes"]
    value: Int[np.ndarray, " classes"]
    kind: Int[np.ndarray, " nodes"]
    part: Int[np.ndarray, " nodes"]
    rest: Int[np.ndarray, " nodes"]
    outcome: Int[np.ndarray, " nodes"]
    closing: Int[np.ndarray, "widths nodes"]
    uncounted: Int[np.ndarray, " nodes"]
    score_tokens: int
    forms: dict[str, int]


def compile_grammar(graph: AnswerGraph, texts: Sequence[str], stop_tokens: Sequence[int], vocab: int) -> Tables:
    """Compiles the grammar of a graph for a vocabulary.

    Args:
      graph: all forms of answers.
      texts: of each token, see `text.token_texts`.
      stop_tokens: tokens that end an answer.
      vocab: number of tokens of the model.

    Raises:
      ValueError: the graph contradicts itself, see `determinize`.
    """
    automaton = determinize(graph)
    moves = token_moves(automaton, texts, stop_tokens, vocab)
    closing = closing_tokens(automaton, moves)
    tags, end = automaton.tags, moves.end
    edges = _edges(moves, closing[0] < NEVER)
    kind, part, rest = (
        np.array([getattr(tag, name) for tag in tags] + [0, 0], np.int32) for name in ("kind", "part", "rest")
    )
    moments, scores = (_must_begin(edges, (kind == which)[:-1], part[:-1], end) for which in (Kind.MOMENT, Kind.SCORE))
    reaches = {
        outcome: _reachable(edges, np.array([*(tag.accepts == outcome for tag in tags), False]))
        for outcome in (Outcome.PRESENT, Outcome.ABSENT)
    }
    outcome = sum(np.where(reaches[one] & ~reaches[other], one, 0) for one, other in itertools.permutations(reaches))
    # Where both are open, tokens must suffice for the event to happen: a lack of them is no evidence that it does not.
    happens = [node for node, tag in enumerate(tags) if tag.accepts == Outcome.PRESENT]
    undecided = reaches[Outcome.PRESENT] & reaches[Outcome.ABSENT]
    closing = np.where(undecided, closing_tokens(automaton, moves, happens), closing)
    return Tables(
        moves.class_of,
        np.concatenate([moves.target, np.full((1, moves.target.shape[1]), end + 1, np.int32)]),
        moves.digits,
        moves.value,
        kind,
        part,
        rest,
        np.append(outcome, 0).astype(np.int32),
        np.concatenate([closing, np.zeros((len(closing), 1), np.int32)], axis=1),
        np.append(moments - scores, 0).astype(np.int32),
        _score_tokens(edges, closing[0], (kind == Kind.SCORE) & (part == Part.TENTHS), rest == Rest.SOME),
        {**automaton.forms, FREE: end + 1},
    )


def _reachable(edges: Bool[np.ndarray, "nodes nodes"], found: Bool[np.ndarray, " nodes"]) -> Bool[np.ndarray, " nodes"]:
    """Nodes from which one of those `found` can be reached."""
    while True:
        more = found | (edges & found).any(axis=1)
        if np.array_equal(more, found):
            return found
        found = more


def _edges(moves: TokenMoves, possible: Bool[np.ndarray, " nodes"]) -> Bool[np.ndarray, "nodes nodes"]:
    """Whether a token leads from one node to another, from which an answer can be completed."""
    edges = np.zeros((moves.end + 1, moves.end + 1), bool)
    sources, classes = np.nonzero(moves.target != NOWHERE)
    edges[sources, moves.target[sources, classes]] = True
    return edges & possible


def _must_begin(
    edges: Bool[np.ndarray, "nodes nodes"], kind: Bool[np.ndarray, " nodes"], part: Int[np.ndarray, " nodes"], end: int
) -> Int[np.ndarray, " nodes"]:
    """1 for nodes from which every answer begins another number of a kind."""
    begins = edges & (kind & (part == Part.WHOLE)) & ~kind[:, None]
    return (~_reachable(edges & ~begins, np.arange(end + 1) == end)).astype(np.int32)


def _score_tokens(
    edges: Bool[np.ndarray, "nodes nodes"],
    closing: Int[np.ndarray, " nodes"],
    ends: Bool[np.ndarray, " nodes_and_free"],
    separators: Bool[np.ndarray, " nodes_and_free"],
) -> int:
    """Tokens from the end of a score to the end of the next one."""
    ends, separators = ends[:-1], separators[:-1]
    between = [
        1 + int(closing[edges[end] & separators].min()) - int(closing[end])
        for end in np.flatnonzero(ends & (edges & separators).any(axis=1))
    ]
    return max(between, default=0)
