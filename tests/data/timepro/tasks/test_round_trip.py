"""What a task writes, it reads again: times and scores with one decimal, events without full stops at their end."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from timesuite_jax.data.timepro import TASKS
from timesuite_jax.data.timepro.source_entry import GroundedQuery, Highlights, TimedEvent, TimedEvents
from timesuite_jax.text import denies_event, parse_spans

SECONDS = st.floats(0, 40_000)
TEXT = st.text() | st.sampled_from(["stir. 3.0 seconds, wait", "..  3.0 - 4.0 seconds, a", ". ", "at 2 to 3 minutes."])
SPAN = st.tuples(SECONDS, SECONDS).map(lambda edges: (min(edges), max(edges)))
SPANS = st.lists(SPAN, max_size=5, unique_by=lambda span: (round(span[0], 1), round(span[1], 1))).map(tuple)
QUERY = st.builds(GroundedQuery, TEXT, SPANS, TEXT)
EVENT = st.builds(TimedEvent, SECONDS, st.none(), TEXT) | st.builds(
    lambda span, text: TimedEvent(span[0], span[1], text), SPAN, TEXT
)
EVENTS = st.lists(EVENT, max_size=5).map(lambda events: TimedEvents(tuple(events)))
HIGHLIGHTS = st.lists(st.tuples(SECONDS, st.floats(-10, 10)), max_size=5).map(
    lambda pairs: Highlights("a cat", tuple(time for time, _ in pairs), tuple(score for _, score in pairs))
)


def rounded(spans):
    return tuple((round(start, 1), round(end, 1)) for start, end in spans)


def answers(task, content) -> set[str]:
    return {turn.answer or "" for turn in task.wordings(content)}


def of_content(kind):
    return {name: task for name, task in TASKS.items() if task.content is kind}


def test_every_task_of_timepro_writes_one_kind_of_content_in_several_wordings():
    assert {name: task.content for name, task in TASKS.items()} == {
        "temporal_video_grounding": GroundedQuery,
        "multi_format_temporal_grounding": GroundedQuery,
        "reasoning_temporal_localization": GroundedQuery,
        "temporal_grounded_caption": GroundedQuery,
        "dense_video_captioning": TimedEvents,
        "step_localization": TimedEvents,
        "highlight_detection": Highlights,
        "video_summarization": Highlights,
        "transcribed_speech_generation": TimedEvents,
        "conversation": None,
        "caption": None,
        "question_answering": None,
    }
    contents = {
        GroundedQuery: GroundedQuery("a {query}", ((1.0, 2.0),)),
        TimedEvents: TimedEvents((TimedEvent(1.0, 2.0, "a"),)),
        Highlights: Highlights("a {query}", (1.0,), (2.0,)),
    }
    for task in TASKS.values():
        if task.content is not None:
            turns = task.wordings(contents[task.content])
            assert len(set(turns)) == len(turns) >= 5
            assert all("{" not in turn.question.replace("a {query}", "") for turn in turns)


@settings(max_examples=40)
@given(QUERY)
def test_grounded_queries(content):
    for name, task in of_content(GroundedQuery).items():
        caption = {
            "temporal_grounded_caption": content.caption if content.spans else "",
            "reasoning_temporal_localization": content.caption,
        }.get(name, "")
        expected = GroundedQuery("", rounded(content.spans), caption)
        for answer in answers(task, content):
            assert task.parse(answer) == expected


@settings(max_examples=40)
@given(SPANS)
def test_the_default_parser_reads_the_spans_of_every_grounding_task_or_that_there_is_none(spans):
    for task in of_content(GroundedQuery).values():
        for answer in answers(task, GroundedQuery("a cat", spans)):
            assert tuple((span.start, span.end) for span in parse_spans(answer)) == rounded(spans), answer
            assert spans or denies_event(answer)


@given(EVENTS)
def test_events(content):
    for task in of_content(TimedEvents).values():
        for answer in answers(task, content):
            read = task.parse(answer)
            assert read is not None
            assert [(event.start, event.end) for event in read.events] == [
                (round(event.start, 1), None if event.end is None else round(event.end, 1)) for event in content.events
            ]
            for event, original in zip(read.events, content.events, strict=True):
                if not re.search(r"\.\s+\d", original.text):
                    assert event.text == original.text.rstrip(".")
            assert task.wordings(read)[0].answer == answer
            assert content.events or denies_event(answer)


@given(HIGHLIGHTS)
def test_highlights(content):
    expected = Highlights(
        "", tuple(round(time, 1) for time in content.times), tuple(round(score, 1) for score in content.scores)
    )
    for task in of_content(Highlights).values():
        for answer in answers(task, content):
            assert task.parse(answer) == expected
            assert content.times or denies_event(answer)


@given(st.text())
def test_any_text_is_parsed_without_an_error(answer):
    for task in TASKS.values():
        read = task.parse(answer)
        assert read is None or type(read) is task.content
