"""`form_of_question`: which questions are answered in the form of a task, and which freely."""

import pytest

from timesuite_jax.data.synthetic.texts import GROUNDING_QUESTIONS, ORDER_QUESTIONS
from timesuite_jax.data.timepro import TASKS
from timesuite_jax.data.timepro.source_entry import GroundedQuery, Highlights, TimedEvent, TimedEvents
from timesuite_jax.videochat_t.answering.answer_forms import FORM_OF_TASK, FREE
from timesuite_jax.videochat_t.answering.question_forms import form_of_question

QUERY = "a man isn't (yet) at 3.5 m?"
CONTENTS = (
    GroundedQuery(QUERY, ((1.0, 2.0),)),
    TimedEvents((TimedEvent(1.0, 2.0, "he waits"),)),
    Highlights(QUERY, (1.0,), (2.0,)),
    Highlights("", (1.0,), (2.0,)),
)


@pytest.mark.parametrize("name", FORM_OF_TASK)
def test_wordings_of_tasks_have_their_form(name):
    questions = [
        turn.question
        for content in CONTENTS
        if type(content) is TASKS[name].content
        for turn in TASKS[name].wordings(content)
    ]
    alone = [question for question in questions if question == QUERY]
    assert len(questions) > len(alone) == (name == "reasoning_temporal_localization")
    for question in questions:
        assert form_of_question(question) == (FREE if question == QUERY else FORM_OF_TASK[name]), question
        assert form_of_question(f" {question.upper()}\n") == form_of_question(question)


def test_questions_for_starts_alone_are_told_apart():
    starts = TimedEvents((TimedEvent(1.0, None, "he waits"),))
    forms = [form_of_question(turn.question) for turn in TASKS["dense_video_captioning"].wordings(starts)]
    # One question of the release is the same with and without ends.
    assert forms.count("starts") == len(forms) - 1 and forms.count("events") == 1


@pytest.mark.parametrize(
    "question",
    [
        *(question.format(what="red circle") for question in GROUNDING_QUESTIONS),
        "When does the man open the oven?",
        "when is it",
        "WHEN DOES THE DOG BARK?",
        "When do they dance and sing?",
        "When does Mr. Bean sit on a chair of 0.5 m?",
        "When does the person, wearing a hat, open the door?",
        "When does the video show a cat?",
        "At what time does the dog bark?",
        "In which part of the video does the dog bark?",
        "During which seconds is the cat asleep?",
        "Find \N{LEFT DOUBLE QUOTATION MARK}a cat\N{RIGHT DOUBLE QUOTATION MARK} in the video.",
    ],
)
def test_plain_questions_for_times(question):
    assert form_of_question(question) == "spans"


@pytest.mark.parametrize(
    "question",
    [
        *ORDER_QUESTIONS,
        "",
        "When?",
        "What happens when the man enters?",
        "When the man enters, what does he do?",
        "When does he stop, and why?",
        "When does he stop and what happens then?",
        "When does he stop? Why?",
        "When was this film made?",
        "What time is it on the clock?",
        "How often does the dog bark?",
        "Is the cat there when the dog barks?",
        "Whenever he sits, is he tired?",
        "Find the moment with the best joke and explain it.",
        "Find a cat in the video.",
        "And the blue square?",
        "Describe the video.",
        "Why does he run?",
        "Wann ist der rote Kreis zu sehen?",
        "Wenn ist er zu sehen?",
        "Quand voit-on le chat ?",
        "\N{CJK UNIFIED IDEOGRAPH-4F55}\N{CJK UNIFIED IDEOGRAPH-65F6}?",
        "\0",
        "a" * 100_000,
    ],
)
def test_other_questions_are_answered_freely(question):
    assert form_of_question(question) == FREE
