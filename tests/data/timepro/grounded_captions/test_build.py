"""Captioned clips become questions, or are dropped for a reason that is counted."""

import dataclasses

import numpy as np
import pytest

from timesuite_jax.data.timepro import AnnotatedSpans, read_annotations
from timesuite_jax.data.timepro.annotation_json import annotation_lines
from timesuite_jax.data.timepro.grounded_captions import CaptionRules, build_grounded_captions
from timesuite_jax.data.timepro.source_entry import GroundedQuery, Highlights, SourceEntry, TimedEvent, TimedEvents
from timesuite_jax.errors import UserError

ONIONS = "We can see a chef in a white hat chopping onions. She puts them into a pan and stirs for a while."
BATTER = "The video shows a boy pouring batter into a tin, which is on a counter. He looks at the camera and laughs."
AGAIN = "A boy pours the batter into another tin. He wipes the counter, and his sister helps him to clean the kitchen."


def video(*events, name="a.mp4", duration=600.0, **changes):
    content = TimedEvents(tuple(TimedEvent(*event) for event in events))
    return SourceEntry(0, "line 1", name, "temporal_grounded_caption", content, duration=duration, **changes)


def test_clips_become_questions_with_the_caption_as_answer():
    made = build_grounded_captions([video((10, 25, ONIONS), (30, 44.5, BATTER))], CaptionRules())
    first, second = made.annotations
    assert not made.dropped
    assert "A chef in a white hat chopping onions" in first.turns[0].question
    assert first.turns[0].answer == f"The given query happens between 10 - 25 seconds. {ONIONS}"
    assert second.turns[0].answer == f"The given query happens between 30 - 44.5 seconds. {BATTER}"
    assert first.task == second.task == "temporal_grounded_caption"
    assert second.spans == AnnotatedSpans(((30, 44.5),), (0,)) and (first.number, second.number) == (0, 1)


@pytest.mark.parametrize(
    ("events", "dropped"),
    [
        ([(10, 12, ONIONS)], {"too_short": 1}),
        ([(10, 80, ONIONS)], {"too_long": 1}),
        ([(10, None, ONIONS)], {"no_end": 1}),
        ([(25, 10, ONIONS)], {"reversed": 1}),
        ([(25, 25, ONIONS)], {"reversed": 1}),
        ([(700, 720, ONIONS)], {"outside": 1}),
        ([(-1, 10, ONIONS)], {"outside": 1}),
        ([(10, 25, "A chef chops onions.")], {"short_caption": 1}),
        ([(10, 25, "Yes. No. " * 10)], {"no_title": 1}),
        ([(10, 25, BATTER), (30, 45, AGAIN)], {"ambiguous_title": 2}),
        ([(10, 25, BATTER), (30, 31, AGAIN)], {"ambiguous_title": 1, "too_short": 1}),
    ],
)
def test_what_cannot_be_asked_for_is_counted(events, dropped):
    made = build_grounded_captions([video(*events)], CaptionRules())
    assert not made.annotations and dict(made.dropped) == dropped


def test_a_repeated_clip_is_used_once():
    made = build_grounded_captions([video((10, 25, ONIONS)), video((10, 25, ONIONS), (10, 26, BATTER))], CaptionRules())
    assert len(made.annotations) == 2 and dict(made.dropped) == {"duplicate": 1}


def test_titles_are_compared_within_their_video_alone():
    entries = [video((10, 25, BATTER)), video((10, 25, ONIONS), name="b.mp4"), video((30, 45, AGAIN), name="b.mp4")]
    made = build_grounded_captions(entries, CaptionRules())
    assert [one.video for one in made.annotations] == ["a.mp4", "b.mp4", "b.mp4"] and not made.dropped


def test_a_clip_may_be_limited_to_a_share_of_its_video():
    clip = video((10, 25, ONIONS), duration=29.0)
    assert dict(build_grounded_captions([clip], CaptionRules()).dropped) == {"too_long": 1}
    assert build_grounded_captions([dataclasses.replace(clip, duration=None)], CaptionRules()).annotations


def test_any_function_makes_titles_and_compares_them():
    titles = {ONIONS: "the onion scene", BATTER: "the batter scene", AGAIN: "the second batter scene"}

    def similarity(queries, texts):
        scores = np.zeros((len(queries), len(texts)))
        scores[:, len(queries) :] = [[0.5, 0.1, 0.1], [0.1, 0.4, 0.4], [0.1, 0.1, 0.5]]  # with captions
        return scores

    entries = [video((10, 25, ONIONS), (30, 45, BATTER), (50, 65, AGAIN))]
    made = build_grounded_captions(entries, CaptionRules(), summarise=titles.__getitem__, similarity=similarity)
    assert dict(made.dropped) == {"fits_another_clip": 1}
    assert ["the onion scene" in made.annotations[0].turns[0].question, len(made.annotations)] == [True, 2]


def test_a_given_title_is_used_and_a_detailed_query_is_a_caption():
    titled = dataclasses.replace(video(), content=GroundedQuery("Cutting of the onions", ((10, 25),), ONIONS))
    detailed = dataclasses.replace(video(), content=GroundedQuery(BATTER, ((30, 45), (50, 70))))
    first, *others = build_grounded_captions([titled, detailed], CaptionRules(max_similarity=2)).annotations
    assert "'Cutting of the onions'" in first.turns[0].question
    assert not others  # a caption of two clips singles out neither
    one = dataclasses.replace(video(), content=GroundedQuery(BATTER, ((30, 45),)))
    assert (
        "A boy pouring batter into a tin"
        in build_grounded_captions([one], CaptionRules()).annotations[0].turns[0].question
    )


def test_a_source_without_captions_is_an_error():
    wrong = dataclasses.replace(video(), content=Highlights("", (1.0,), (2.0,)))
    with pytest.raises(UserError, match=r"line 1: a\.mp4 has Highlights, no captions of clips"):
        build_grounded_captions([wrong], CaptionRules())


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"min_seconds": 80.0}, "max_seconds=60 is less than min_seconds=80"),
        ({"max_share": 0.0}, "max_share"),
        ({"min_caption_words": 0}, "min_caption_words"),
    ],
)
def test_rules_out_of_range_are_errors(rule, problem):
    with pytest.raises(UserError, match=problem):
        CaptionRules(**rule)


def test_written_questions_are_read_again(tmp_path):
    clip = video((10, 25, ONIONS), (30, 44.5, BATTER), clip=(100.0, 200.0))
    made = build_grounded_captions([clip], CaptionRules()).annotations
    path = tmp_path / "captions.jsonl"
    path.write_text(annotation_lines(made), encoding="utf-8")
    expected = tuple(dataclasses.replace(one, content=None, wording=0) for one in made)  # what they were written from
    assert tuple(read_annotations(path, "conversation")) == expected
