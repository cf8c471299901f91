"""Constrained answers: whatever the logits are, every answer is well-formed and within its video."""

import math

import numpy as np
import pytest

from tests.support.constrained_answers import RandomAnswers
from tests.support.paths import ROOT
from timesuite_jax.data.synthetic import MovingShapesSpec, make_tokenizer
from timesuite_jax.data.timepro import TASKS
from timesuite_jax.data.timepro.source_entry import GroundedQuery, Highlights, TimedEvent, TimedEvents
from timesuite_jax.errors import UserError
from timesuite_jax.generation.constraint import constraint, last_tenth
from timesuite_jax.generation.grammar.automaton import determinize
from timesuite_jax.generation.grammar.tables import FREE
from timesuite_jax.text import build_word_tokenizer, denies_event, load_tokenizer, parse_spans
from timesuite_jax.videochat_t.answering.answer_forms import FORM_OF_TASK, FORMS, SPANS, answer_graph

GOLDEN = ROOT / "tests/goldens/videochat_t/tokenizers/mistral/tokenizer.model"
ROWS = 32


@pytest.fixture(scope="module", params=["synthetic", "sentencepiece"])
def answers(request, tmp_path_factory) -> RandomAnswers:
    if request.param == "sentencepiece":
        return RandomAnswers(load_tokenizer(GOLDEN), rows=ROWS, new=48)
    file = make_tokenizer(tmp_path_factory.mktemp("tokenizer"), MovingShapesSpec())
    return RandomAnswers(load_tokenizer(file), rows=ROWS, new=24)


def forms_of(answers: RandomAnswers) -> list[str]:
    """The forms whose answers the vocabulary can write."""
    forms = answers.tables.forms
    return [form for form in FORMS if form != FREE and answers.tables.closing[5, forms[form]] <= answers.new]


def check(form: str, text: str, duration: float) -> None:
    """Fails unless an answer is one of the form, within its video, as the parsers of the tasks read it."""
    if form == "highlights":
        found = TASKS["highlight_detection"].parse(text)
        assert found is not None and all(0 <= time <= duration for time in found.times), text
        assert all(0 <= score <= 10 for score in found.scores)
        return
    if form in ("events", "starts"):
        listed = next(filter(None, (TASKS[task].parse(text) for task, of in FORM_OF_TASK.items() if of == "events")))
        spans = [(event.start, event.end) for event in listed.events if event.end is not None]
        assert all(0 <= event.start <= duration for event in listed.events)
        assert len(spans) == (len(listed.events) if form == "events" else 0)
    else:
        spans = parse_spans(text, duration=duration)
    assert spans or form == "starts" or denies_event(text), text
    assert all(0 <= start < end <= duration for start, end in spans), (text, duration)


@pytest.mark.parametrize("seed", range(4))
def test_every_answer_is_well_formed_and_within_its_video(answers: RandomAnswers, seed: int):
    rng, names = np.random.default_rng(seed), forms_of(answers)
    durations = np.exp(rng.uniform(math.log(0.3), math.log(36000), ROWS)).tolist()
    forms = [names[row % len(names)] for row in range(ROWS)]
    out = answers.generate(forms, durations, seed)
    assert out.stopped.all()
    for form, text, duration in zip(forms, answers.texts(out), durations, strict=True):
        check(form, text, duration)


def test_answers_do_not_depend_on_the_batch(answers: RandomAnswers):
    forms, durations = [SPANS] * 6, [0.3, 7.25, 61.0, 599.96, 4000.0, 36000.0]
    together = answers.generate(forms, durations, seed=9)
    alone = answers.generate(forms[:1], durations[:1], seed=9)
    np.testing.assert_array_equal(alone.tokens, together.tokens[:1])
    np.testing.assert_array_equal(alone.lengths, together.lengths[:1])


def test_free_rows_are_not_changed(answers: RandomAnswers):
    out = answers.generate([FREE, SPANS], [5.0, 5.0], seed=3)
    assert out.lengths[0] == answers.new and not out.stopped[0] and out.stopped[1]
    np.testing.assert_allclose(out.trace.allowed[0], 0, atol=1e-5)
    assert (out.trace.allowed[1, : out.lengths[1]] < 0).any()


CONTENTS = (
    GroundedQuery("q", ()),
    GroundedQuery("q", ((0.0, 6.9),)),
    GroundedQuery("q", ((0.0, 6.9), (10.0, 12.5), (200.0, 2100.0)), "He opens it. Then he leaves."),
    TimedEvents(()),
    TimedEvents((TimedEvent(0.0, 5.0, "he sits. He stands"), TimedEvent(5.0, 7.5, "he eats"))),
    Highlights("q", (), ()),
    Highlights("q", (2.0, 4.0, 10.0), (1.0, 3.3, 4.0)),
)


def test_answers_of_the_grammar_are_not_changed(tmp_path):
    """What a trained model prefers is what it answers, with or without the constraint."""
    texts = [turn.answer for task in FORM_OF_TASK for content in CONTENTS for turn in _wordings(task, content)]
    answers = RandomAnswers(load_tokenizer(build_word_tokenizer(texts, tmp_path)), rows=1, new=64)
    forms = [FORM_OF_TASK[task] for task in FORM_OF_TASK for content in CONTENTS for turn in _wordings(task, content)]
    known = dict(zip(texts, forms, strict=True))
    script = [[*answers.tokenizer.encode(f"{text} "), answers.tokenizer.special.eos] for text in known]
    for form in (FREE, None):
        out = answers.generate([form or of for of in known.values()], [2100.0] * len(known), seed=0, script=script)
        assert answers.texts(out) == list(known)


def _wordings(task: str, content) -> list:
    """One question for each answer of a task."""
    if not isinstance(content, TASKS[task].content):
        return []
    return list({turn.answer: turn for turn in TASKS[task].wordings(content)}.values())


@pytest.mark.parametrize("task", FORM_OF_TASK)
def test_wordings_of_tasks_are_answers_of_their_form(task: str):
    automaton = determinize(answer_graph())
    for content in (content for content in CONTENTS if isinstance(content, TASKS[task].content)):
        for turn in TASKS[task].wordings(content):
            assert automaton.accepts(FORM_OF_TASK[task], turn.answer), turn.answer
            assert automaton.accepts(FORM_OF_TASK[task], f" {turn.answer} ")  # as training texts have it
            assert not automaton.accepts(FORM_OF_TASK[task], f"{turn.answer} 7")


def test_events_without_ends_have_a_form():
    content = TimedEvents((TimedEvent(0.0, None, "he sits"), TimedEvent(5.0, None, "he eats")))
    answer = TASKS["dense_video_captioning"].wordings(content)[0].answer
    assert determinize(answer_graph()).accepts("starts", answer)


@pytest.mark.parametrize(
    ("duration", "tenth"), [(0.0, 1), (0.04, 1), (0.3, 3), (2.3, 23), (9.999, 99), (36000.05, 360000)]
)
def test_last_tenth_of_a_video(duration: float, tenth: int):
    assert last_tenth(duration) == tenth


def test_too_few_tokens_are_an_error_with_the_number_needed(answers: RandomAnswers):
    tables = answers.tables
    needed = int(tables.closing[1, tables.forms[SPANS]])
    with pytest.raises(UserError, match=f"up to {needed} tokens, but max_new_tokens={needed - 1}"):
        constraint(tables, [SPANS], [30.0], needed - 1)
    assert constraint(tables, [SPANS], [30.0], needed).last.tolist() == [300]


@pytest.mark.parametrize("seed", range(3))
def test_the_least_number_of_tokens_suffices(answers: RandomAnswers, seed: int):
    least = RandomAnswers(answers.tokenizer, rows=ROWS, new=int(answers.tables.closing[1, answers.tables.forms[SPANS]]))
    out = least.generate([SPANS] * ROWS, [30.0] * ROWS, seed)
    assert out.stopped.all()
    texts = least.texts(out)
    for text in texts:
        check(SPANS, text, 30.0)
    assert any(parse_spans(text) for text in texts)
