"""Times in answers that a task wrote can be changed; other texts stay as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.timepro.tasks.test_round_trip import EVENTS, HIGHLIGHTS, QUERY, of_content
from timesuite_jax.data.timepro import TASKS
from timesuite_jax.data.timepro.source_entry import GroundedQuery, Highlights, TimedEvents
from timesuite_jax.data.timepro.tasks.change_times import change_times

CONTENTS = {GroundedQuery: QUERY, TimedEvents: EVENTS, Highlights: HIGHLIGHTS}


def halved(span):
    return span[0] / 2, span[1] / 2


@pytest.mark.parametrize(
    ("task", "answer", "expected"),
    [
        ("temporal_video_grounding", "The given query happens in 3.0 - 8.0 seconds.", "in 1.5 - 4.0 seconds."),
        ("temporal_grounded_caption", "The given query happens between 3 - 8 seconds. At 8.", "1.5 - 4 seconds. At 8."),
        ("reasoning_temporal_localization", "It happens in 3.0 - 8.0 seconds. Why? 8.", "1.5 - 4.0 seconds. Why? 8."),
        ("multi_format_temporal_grounding", "[[3.0, 8.0], [9.0, 9.6]]", "[[1.5, 4.0], [4.5, 4.8]]"),
        ("multi_format_temporal_grounding", "From 3.0 to 8.0 seconds.", "From 1.5 to 4.0 seconds."),
        ("dense_video_captioning", "3.0 - 8.0 seconds, stir for 8 s.  9.0 seconds, eat.",
         "1.5 - 4.0 seconds, stir for 8 s.  4.5 seconds, eat."),
        ("highlight_detection", "The highlight timestamps are in the 3.0, 8.0 seconds. Their saliency scores are 3.0, "
         "8.0.", "1.5, 4.0 seconds. Their saliency scores are 3.0, 8.0."),
    ],
)  # fmt: skip
def test_answers_in_the_format_of_their_task(task, answer, expected):
    changed = change_times(answer, task, halved)
    assert changed.endswith(expected) or expected in changed
    assert change_times(answer, task, lambda span: span) == answer


@pytest.mark.parametrize("task", sorted(TASKS))
@pytest.mark.parametrize("answer", ["It happens from 3 to 8 seconds!", "3.0 - 8.0 seconds", "Never.", ""])
def test_answers_that_a_source_has_written_out(task, answer):
    if task == "multi_format_temporal_grounding" and answer == "3.0 - 8.0 seconds":
        assert change_times(answer, task, halved) == "1.5 - 4.0 seconds"  # one of its formats
    else:
        assert change_times(answer, task, halved) == answer


@pytest.mark.parametrize("task", sorted({name for kind in CONTENTS for name in of_content(kind)}))
@given(st.data())
def test_without_a_change_every_answer_stays(task, data):
    content = data.draw(CONTENTS[TASKS[task].content])
    for answer in {turn.answer for turn in TASKS[task].wordings(content)}:
        assert change_times(answer, task, lambda span: span) == answer
