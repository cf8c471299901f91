"""Answers that deny an event are distinguished from answers that evade the question."""

import pytest

from timesuite_jax.text import denies_event

DENIALS = (
    "It never appears.",
    "The red circle is never visible in the video.",
    "The event does not happen.",
    "There is no red circle in the video.",
    "The video contains no dog.",
    "No such event occurs.",
    "The man isn\N{RIGHT SINGLE QUOTATION MARK}t shown opening the oven.",
    "It doesn't appear",
    "The described event cannot be found.",
    "Not present.",
    "The query does not take place in this video.",
    "The oven was not opened in the video.",
    "The video doesn't show the man.",
    "No matching segment.",
    "None.",
)
EVASIONS = (
    "",
    "I do not know.",
    "I am not sure when the man is seen.",
    "I don't know when it happens.",
    "I cannot tell whether it is shown.",
    "It is not clear when it happens.",
    "The man opens the oven at the end of the video.",
    "Notably the man is visible.",
    "Yes.",
    "No idea",
)


@pytest.mark.parametrize("text", DENIALS)
def test_denials(text):
    assert denies_event(text) and denies_event(text.upper())


@pytest.mark.parametrize("text", EVASIONS)
def test_other_answers(text):
    assert not denies_event(text)


def test_time_is_linear_in_the_length():
    assert not denies_event("not " + "word " * 200_000)
