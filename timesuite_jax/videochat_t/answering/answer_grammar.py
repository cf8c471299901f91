"""The grammar of answers for one tokenizer: constraints of batches, and how sure a model is of a constrained answer."""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from timesuite_jax.data.question_spans import Span
from timesuite_jax.evaluation.calibration_file import Calibration
from timesuite_jax.generation.constraint import Constraint, constraint, tokens_needed
from timesuite_jax.generation.grammar.closing import NEVER
from timesuite_jax.generation.grammar.graph import Kind, Outcome, Part
from timesuite_jax.generation.grammar.tables import FREE, compile_grammar
from timesuite_jax.text import Tokenizer
from timesuite_jax.text.token_texts import token_texts
from timesuite_jax.videochat_t.answering.answer_forms import answer_graph


@dataclass(frozen=True)
class AnswerRequest:
    """What an answer must be: its form, one of `answer_forms.FORMS`, and the seconds of the video."""

    form: str
    duration: float


@dataclass(frozen=True)
class SpanConfidence:
    """How sure a model is of a span, from the tokens of its numbers.

    Attributes:
      span: start and end in seconds.
      logprob: log probability of the numbers among all tokens.
      allowed_logprob: among those that the grammar allows.
      tokens: number of tokens.
      probability: of a token of the numbers, in the geometric mean, among those that the grammar allows; calibrated if
        the answer is.
    """

    span: Span
    logprob: float
    allowed_logprob: float
    tokens: int
    probability: float


@dataclass(frozen=True)
class AnswerConfidence:
    """How sure a model is of an answer.

    Attributes:
      spans: of each span, in the order of the answer.
      happens: probability that the event happens, from the token that decides it; None if no token does.
    """

    spans: tuple[SpanConfidence, ...] = ()
    happens: float | None = None

    def calibrated(self, calibration: Calibration) -> "AnswerConfidence":
        """Returns the confidence at the temperatures of a calibration."""
        happens = None if self.happens is None else calibration.scale("happens", self.happens)
        spans = (replace(one, probability=calibration.scale("confidences", one.probability)) for one in self.spans)
        return AnswerConfidence(tuple(spans), happens)

    def of_spans(self, spans: Sequence[Span]) -> tuple[float, ...]:
        """Returns the probability of each of the spans that were read from the answer; none if one is not known."""
        known = {one.span: one.probability for one in reversed(self.spans)}
        found = [known.get((start, end)) for start, end in spans]
        return tuple(one for one in found if one is not None) if None not in found else ()


class AnswerGrammar:
    """The compiled grammar of a tokenizer.

    Args:
      tokenizer: of the language model.
      vocab: tokens of the model, which may be more.
    """

    def __init__(self, tokenizer: Tokenizer, vocab: int) -> None:
        self._texts = token_texts(tokenizer)
        self.tables = compile_grammar(answer_graph(), self._texts, (tokenizer.special.eos,), vocab)

    def constraint(self, requests: Sequence[AnswerRequest], max_new_tokens: int) -> Constraint:
        """Makes the constraint of a batch; answers of a form whose words the tokenizer lacks are free.

        Raises:
          UserError: `max_new_tokens` are too few for an answer.
        """
        forms = [one.form if self.permits(one, NEVER) else FREE for one in requests]
        return constraint(self.tables, forms, [one.duration for one in requests], max_new_tokens)

    def permits(self, request: AnswerRequest, max_new_tokens: int) -> bool:
        """Whether the tokenizer has the words of a form, and so many tokens suffice for an answer about the video."""
        return tokens_needed(self.tables, request.form, request.duration) <= min(max_new_tokens, NEVER - 1)

    def confidence(
        self,
        tokens: Sequence[int],
        nodes: Int[np.ndarray, " new"],
        logprobs: Float[np.ndarray, " new"],
        allowed: Float[np.ndarray, " new"],
        agreeing: Float[np.ndarray, " new"],
    ) -> AnswerConfidence:
        """Reads how sure the model is of an answer.

        Args:
          tokens: of the answer.
          nodes: after each token, as the other columns from `generation.Generated`.
          logprobs: of each token among all.
          allowed: log probability of all allowed tokens.
          agreeing: log share of those that decide as the chosen one whether the event happens.
        """
        kinds, parts = self.tables.kind[nodes], self.tables.part[nodes]
        numbers: list[tuple[int, str, list[int]]] = []
        for place, token in enumerate(tokens):
            if parts[place] == Part.OUTSIDE:
                continue
            begins = parts[place] == Part.WHOLE and (place == 0 or parts[place - 1] == Part.OUTSIDE)
            if begins:
                numbers.append((int(kinds[place]), "", []))
            kind, text, places = numbers[-1]
            numbers[-1] = kind, text + _number_part(self._texts[token]), [*places, place]
        spans = []
        for (kind, start, first), (_, end, second) in itertools.pairwise(numbers):
            if kind == Kind.START:
                at = [*first, *second]
                logprob = float(np.sum(logprobs[at]))
                shares = logprob - float(np.sum(allowed[at]))
                mean = math.exp(min(shares, 0.0) / len(at))
                spans.append(SpanConfidence((float(start), float(end)), logprob, min(shares, 0.0), len(at), mean))
        return AnswerConfidence(tuple(spans), self._happens(nodes[: len(tokens)], agreeing))

    def _happens(self, nodes: Int[np.ndarray, " tokens"], agreeing: Float[np.ndarray, " new"]) -> float | None:
        outcomes = self.tables.outcome[nodes]
        decided = np.flatnonzero(outcomes != Outcome.OPEN)
        if not len(decided) or agreeing[decided[0]] == 0:
            return None
        sure = math.exp(min(float(agreeing[decided[0]]), 0.0))
        return sure if outcomes[decided[0]] == Outcome.PRESENT else 1.0 - sure


def _number_part(text: str) -> str:
    """The digits or the point that a token ends with: a token may begin before a number, as " 12" and "[1"."""
    return text[len(text.rstrip("0123456789.")) :]


@dataclass(frozen=True)
class AnswerLimits:
    """The form of one answer, and the grammar of its tokenizer."""

    grammar: AnswerGrammar
    request: AnswerRequest


@functools.lru_cache(maxsize=2)
def compiled_grammar(tokenizer: Tokenizer, vocab: int) -> AnswerGrammar:
    """The grammar of a tokenizer; compiling it takes seconds for a vocabulary of tens of thousands."""
    return AnswerGrammar(tokenizer, vocab)
