"""Entries of annotation files become questions and answers."""

import dataclasses

import pytest

from timesuite_jax.data.timepro import TASKS, AnnotatedSpans, annotate
from timesuite_jax.data.timepro.source_entry import (
    Dialogue,
    GroundedQuery,
    Highlights,
    SourceEntry,
    TimedEvent,
    TimedEvents,
)
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn

TWICE = GroundedQuery("a man opens the door.", ((1.04, 2.5), (7.0, 9.0)), "He leaves.")


def entry(content, task="temporal_video_grounding", **changes):
    return SourceEntry(3, "line 4", "a.mp4", task, content, **changes)


def test_a_query_with_several_spans_is_one_question():
    made = annotate(entry(TWICE, clip=(5.0, 20.0)), seed=0)
    assert (made.number, made.video, made.task, made.clip) == (3, "a.mp4", "temporal_video_grounding", (5.0, 20.0))
    (turn,) = made.turns
    assert "'a man opens the door'" in turn.question
    assert turn.answer == "The given query happens in 1.0 - 2.5 and 7.0 - 9.0 seconds."
    assert made.spans == AnnotatedSpans(((1.04, 2.5), (7.0, 9.0)), (0, 0))


def test_a_query_without_spans_is_answered_and_not_missing():
    made = annotate(entry(GroundedQuery("a cat", ())), seed=0)
    assert made.turns[0].answer == "The given query does not happen in this video."
    assert made.spans == AnnotatedSpans()


def test_times_of_events_and_moments_are_no_true_windows():
    events = TimedEvents((TimedEvent(2.66, None, "intro"), TimedEvent(8.5, 9.0, "end")))
    made = annotate(entry(events, "dense_video_captioning"), seed=0)
    assert made.turns[0].answer == "2.7 seconds, intro.  8.5 - 9.0 seconds, end."
    assert made.spans == AnnotatedSpans(written=((2.66, 2.66), (8.5, 9.0)))
    moments = Highlights("a cat", (57.0, 62.44), (2.1, 1.75), ((56.0, 64.0),))
    made = annotate(entry(moments, "highlight_detection"), seed=0)
    assert made.turns[0].answer == (
        "The highlight timestamps are in the 57.0, 62.4 seconds. Their saliency scores are 2.1, 1.8."
    )
    assert made.spans == AnnotatedSpans(((56.0, 64.0),), (0,), ((57.0, 57.0), (62.44, 62.44)))


def test_the_wording_depends_on_the_seed_and_the_entry_alone():
    entries = [dataclasses.replace(entry(TWICE), number=number) for number in range(200)]
    questions = [annotate(one, seed=1).turns[0].question for one in entries]
    assert questions == [annotate(one, seed=1).turns[0].question for one in reversed(entries)][::-1]
    assert questions != [annotate(one, seed=2).turns[0].question for one in entries]
    assert len(set(questions)) == 10  # 200 draws miss one of ten wordings with a probability of 7e-9


def test_where_only_starts_are_known_only_starts_are_requested():
    starts = TimedEvents((TimedEvent(2.66, None, "intro"),))
    for task in ("dense_video_captioning", "step_localization", "transcribed_speech_generation"):
        made = [annotate(entry(starts, task), seed=seed).turns[0].question for seed in range(40)]
        assert not any("start and end" in question or "start - end" in question for question in made)


def test_without_a_query_the_highlights_of_the_whole_video_are_requested():
    made = [annotate(entry(Highlights("", (1.0,), (2.0,)), "highlight_detection"), seed=seed) for seed in range(40)]
    assert len({one.turns[0].question for one in made}) == 3
    assert not any("''" in one.turns[0].question for one in made)


@pytest.mark.parametrize("task", ["highlight_detection", "video_summarization"])
def test_questions_name_no_scale_of_saliency(task):
    """Scores of QVHighlights are from 0 to 4, those of SumMe from 0 to 1."""
    for query in ("", "a cat"):
        turns = TASKS[task].wordings(Highlights(query, (1.0,), (0.3,)))
        assert turns and not any("1 to 5" in turn.question for turn in turns)


def test_a_dialogue_keeps_its_questions_and_given_windows():
    turns = (
        Turn("when?", "From 9.0 to 4.5 seconds."),
        Turn("and?", "Between 1.0 and 2.0 seconds."),
        Turn("cat?", "Never."),
    )
    made = annotate(entry(Dialogue(turns, (None, ((1.0, 2.0), (5.0, 6.0)), None))), seed=0)
    assert made.turns == turns
    assert made.spans == AnnotatedSpans(((9.0, 4.5), (1.0, 2.0), (5.0, 6.0)), (0, 1, 1))
    assert annotate(entry(Dialogue(turns, (None,) * 3), "conversation"), seed=0).spans == AnnotatedSpans()


def test_times_in_captions_are_no_windows():
    answer = "The given query happens between 35 - 49 seconds. He waits from 2.0 to 3.0 seconds. And goes."
    dialogue = Dialogue((Turn("when?", answer),), (None,))
    made = annotate(entry(dialogue, "temporal_grounded_caption"), seed=0)
    assert made.spans == AnnotatedSpans(((35.0, 49.0),), (0,))
    steps = Dialogue((Turn("steps?", "2.7 seconds, cook for 2 to 3 minutes.  8.5 - 9.0 seconds, eat."),), (None,))
    assert annotate(entry(steps, "step_localization"), seed=0).spans.written == ((2.7, 2.7), (8.5, 9.0))


@pytest.mark.parametrize("task", ["temporal_video_grounding", "temporal_grounded_caption"])
def test_an_answer_with_neither_a_time_nor_a_denial_is_missing_its_span(task):
    assert annotate(entry(Dialogue((Turn("when?", "I do not know."),), (None,)), task), seed=0).spans.missing
    assert not annotate(entry(Dialogue((Turn("when?", "It does not happen."),), (None,)), task), seed=0).spans.missing


def test_an_unknown_task_and_one_of_other_content_are_errors():
    with pytest.raises(UserError, match="line 4: unknown task 'tvg'; known: temporal_video_grounding, "):
        annotate(entry(TWICE, "tvg"), seed=0)
    for task in ("conversation", "highlight_detection", "step_localization"):
        with pytest.raises(UserError, match=rf"line 4: {task} is not a task for .* a.mp4 \(GroundedQuery\); choose .*"):
            annotate(entry(TWICE, task), seed=0)
    clips = TimedEvents((TimedEvent(1.0, 2.0, "A cat."),))
    with pytest.raises(UserError, match=r"\(TimedEvents\); make titles .* or choose --task dense_video_captioning$"):
        annotate(entry(clips, "temporal_grounded_caption"), seed=0)
