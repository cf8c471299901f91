"""Constrained answers in evaluations: on by default, not under the protocol "paper", written into the settings."""

import numpy as np
import pytest

from tests.support import corpus_questions
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.registry import Answers, load
from timesuite_jax.videochat_t.answering.answer_forms import SPANS
from timesuite_jax.videochat_t.answering.answer_grammar import (
    AnswerGrammar,
    AnswerRequest,
    _number_part,
    compiled_grammar,
)
from timesuite_jax.videochat_t.benchmarks.grounding import GroundingBenchmark


@pytest.fixture(scope="module")
def run(tiny_run):
    loaded = load(tiny_run, Answers)
    return loaded.task, loaded.params


def grammar_of(task) -> AnswerGrammar:
    return compiled_grammar(task.tokenizers[0], task.config.model.mistral.vocab)


NEW = 24  # tokens: more than the configuration of the run has, which are too few for a span


def evaluated(run, corpus, answers="auto", batch_size=8):
    task, params = run
    predictor = task.predictor(params, max_new_tokens=NEW, answers=answers)
    return run_benchmark(GroundingBenchmark([str(corpus)]), predictor, batch_size=batch_size)


def test_no_answer_fails_to_parse(run, tiny_corpus):
    free, result = evaluated(run, tiny_corpus, answers="free"), evaluated(run, tiny_corpus)
    assert free.metrics()["parse_failures"] > 0 and result.metrics()["parse_failures"] == 0
    assert (free.settings["model.answers"], result.settings["model.answers"]) == ("free", "by task")
    for prediction in result.predictions.values():
        assert all(0 <= start < end <= prediction.duration for start, end in prediction.spans)
        assert len(prediction.confidences) == len(prediction.spans)
        assert all(0 < confidence <= 1 for confidence in prediction.confidences)
        assert prediction.happens is None or 0 <= prediction.happens <= 1
    assert not any(prediction.confidences for prediction in free.predictions.values())


def test_the_paper_protocol_is_not_constrained(run):
    task, params = run
    assert task.predictor(params, max_new_tokens=NEW).settings["answers"] == "by task"
    assert task.with_protocol("paper").predictor(params).settings["answers"] == "free"


def test_answers_too_short_for_a_span_are_free(run):
    task, params = run
    assert task.predictor(params, max_new_tokens=6).settings["answers"] == "free"


def test_confidence_is_of_the_tokens_of_numbers(run):
    """By hand: tokens of "From 1.2 to 3.4 seconds." with log probabilities -1, -2, ... among all."""
    grammar, tokenizer = grammar_of(run[0]), run[0].tokenizers[0]
    tokens = tokenizer.encode("From 1.2 to 3.4 seconds. ")
    nodes, node = [], grammar.tables.forms[SPANS]
    for token in tokens:
        node = int(grammar.tables.target[node, grammar.tables.class_of[token]])
        nodes.append(node)
    logprobs = -np.arange(1.0, 1 + len(tokens))
    allowed, agreeing = np.full(len(tokens), -0.5), np.zeros(len(tokens))
    agreeing[0] = np.log(0.75)
    found = grammar.confidence(tokens, np.array(nodes), logprobs, allowed, agreeing)
    (span,) = found.spans
    # From | 1 . 2 | to | 3 . 4 | seconds .
    assert span.span == (1.2, 3.4) and span.tokens == 6
    assert span.logprob == -(2 + 3 + 4 + 6 + 7 + 8) and span.allowed_logprob == span.logprob + 6 * 0.5
    assert found.happens == pytest.approx(0.75)
    assert found.of_spans([(1.2, 3.4)]) == (span.probability,) and found.of_spans([(0.0, 1.0)]) == ()


def test_tokens_may_begin_before_a_number():
    """Vocabularies of byte pairs have such tokens."""
    assert [_number_part(text) for text in (" 12", "[1", "7", ".", ". 5", "to 30")] == ["12", "1", "7", ".", "5", "30"]


def test_requests_are_of_rows(run, tiny_corpus):
    task, params = run
    batch = corpus_questions.first_batch(task.processor(), tiny_corpus, 8)
    durations = [0.3, 9.0, 0.5, 2.0, 3.0, 4.0, 5.0, 6.0]
    answered = task.answerer(params, max_new_tokens=NEW).constrained(
        batch, grammar_of(task), [AnswerRequest(SPANS, duration) for duration in durations]
    )
    for (_, confidence), duration in zip(answered, durations, strict=True):
        assert all(one.span[1] <= duration for one in confidence.spans)
