"""What each reader yields for a made-up file of its format."""

import numpy as np
import pytest

from tests.support.annotation_samples import SAMPLES
from timesuite_jax.data.sources import FORMATS, ReadOptions, Skipped, detect_format, read_source
from timesuite_jax.data.timepro.source_entry import Dialogue, GroundedQuery, Highlights, TimedEvent, TimedEvents
from timesuite_jax.text import Turn

GROUNDING = "temporal_video_grounding"
DENSE = "dense_video_captioning"


def entries(path, **options):
    found = list(read_source(path, options=ReadOptions(**options)))
    return [one for one in found if not isinstance(one, Skipped)]


def skipped(path, **options):
    return [
        (one.location, one.excluded)
        for one in read_source(path, options=ReadOptions(**options))
        if isinstance(one, Skipped)
    ]


def events(*found):
    return TimedEvents(tuple(TimedEvent(*event) for event in found))


def query(text, *spans):
    return GroundedQuery(text, spans)


def test_every_format_has_a_sample():
    assert SAMPLES.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
def test_format_is_found_from_the_content(name, sample):
    assert detect_format(sample(name)) == name


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("explicit", [True, False])
def test_samples_are_numbered_and_of_the_task(name, explicit, sample):
    for task in FORMATS[name].tasks:
        options = ReadOptions(task=task, split="all" if FORMATS[name].splits else None)
        found = list(read_source(sample(name), name if explicit else None, options))
        samples = [one for one in found if not isinstance(one, Skipped)]
        assert samples or name.startswith("vitt")
        assert [one.number for one in samples] == list(range(len(samples)))
        assert {one.task for one in samples} <= {task}
        assert all(one.location for one in found)


QUERIES = {
    "didemo": [("1@N0_2_3.mov", query("a dog runs", (5.0, 10.0)))],
    "queryd": [("abc", query("a man", (1.5, 4.25))), ("abc", query("he sits", (7.0, 9.0)))],
    "hirest": [("aaa.mp4", query("Make a Shelf", (20.0, 60.0))), ("ddd.mp4", query("Make a Shelf", (20.0, 60.0)))],
    "charades_sta": [
        ("3MSZA", query("person turn a light on.", (24.3, 30.4))),
        ("AMT7R", query("a ## sign.", (4.0, 12.5))),
    ],
    "charades_sta_coco": [("3MSZA.mp4", query("person turn a light on.", (24.3, 30.4)))],
    "tacos": [("s1-d2.avi", query("She cuts.", (10.0, 20.0)))],
    "moments": [
        ("a1", query("a man sits", (2.0, 5.5))),
        ("a2", query("it rains", (1.0, 2.0), (8.0, 9.0))),
        ("a3", query("it ends", (3.0, 4.0))),
    ],
    "ego4d_nlq": [("v1", query("Where is my key?", (4.5, 6.0)))],
    "qvhighlights": [("abc_0.0_150.0", query("A cat jumps.", (6.0, 10.0)))],
    "qvhighlights_coco": [("v_abc.mp4", query("A cat jumps.", (6.0, 10.0)))],
    "activitynet_captions": [("v_1", query("He sits.", (0.5, 9.25))), ("v_1", query("He stands.", (9.0, 40.0)))],
    "activitynet_captions_coco": [
        ("v_1.mp4", query("He sits.", (0.5, 9.25))),
        ("v_1.mp4", query("He stands up.", (9.0, 40.0))),
    ],
    "timelens_bench": [("V1", query("a dog runs", (1.0, 4.5)))],
    "timelens_100k": [("a/b.mp4", query("he sits", (1.0, 2.0)))],
    "vue_tr": [("g1", query("a goal", (1.0, 2.0), (5.0, 7.5)))],
    "coin": [("c1", query("open the lid", (3.0, 9.5))), ("c1", query("pour water", (11.0, 20.0)))],
}


@pytest.mark.parametrize("name", QUERIES)
def test_queries(name, sample):
    found = entries(sample(name), task=GROUNDING)
    assert [(one.video, one.content) for one in found] == QUERIES[name]


EVENTS = {
    "queryd": ("abc", events((1.5, 4.25, "a man"), (7.0, 9.0, "he sits")), None),
    "activitynet_captions": ("v_1", events((0.5, 9.25, "He sits."), (9.0, 40.0, "He stands.")), 40.2),
    "activitynet_captions_coco": ("v_1.mp4", events((0.5, 9.25, "He sits."), (9.0, 40.0, "He stands up.")), 40.2),
    "youcook2_coco": ("y1.mp4", events((5.0, 12.0, "chop the onion"), (20.0, 31.0, "fry it")), 50.5),
    "vitt": ("FmTp", events((0.26, None, "Opening"), (16.0, None, "End")), None),
    "vitt_timechat": ("a.mp4", events((0.3, None, "Opening"), (16.0, None, "End")), None),
    "coin": ("c1", events((3.0, 9.5, "open the lid"), (11.0, 20.0, "pour water")), 40.0),
    "coin_timechat": ("7/c1.mp4", events((3.0, 9.5, "open"), (11.0, 20.0, "pour")), None),
    "interlink": (
        "howto_1",
        events((0.0, 5.0, "A white screen with green letters."), (70.0, 3600.0, 'A woman holds a "ball".')),
        None,
    ),
}


@pytest.mark.parametrize("name", EVENTS)
def test_events(name, sample):
    task = next(task for task in FORMATS[name].tasks if task in (DENSE, "step_localization"))
    (found,) = entries(sample(name), task=task)
    assert (found.video, found.content, found.duration) == EVENTS[name]


def test_didemo_combines_annotators_by_the_named_rule(sample):
    path = sample("didemo")
    (mean,) = entries(path, annotators="mean")
    assert mean.content.spans == ((pytest.approx(20 / 3), pytest.approx(40 / 3)),)
    (first,) = entries(path, annotators="first")
    assert first.content.spans == ((5.0, 10.0),)


def test_steps_of_hirest_count_from_the_start_of_their_moment(sample):
    (found,) = entries(sample("hirest"), task="step_localization")
    assert found.video == "aaa.mp4" and found.clip == (20.0, 60.0) and found.duration == 100.5
    assert found.content == events((0.0, 11.0, "cut the board"), (11.0, 40.0, "sand it"))
    assert skipped(sample("hirest"), task="step_localization") == [
        ("['Make a Shelf']['bbb.mp4']", True),
        ("['Make a Shelf']['ccc.mp4']", True),
        ("['Make a Shelf']['ddd.mp4']", True),
    ]


def test_ego4d_queries_count_from_the_start_of_their_clip(sample):
    (found,) = entries(sample("ego4d_nlq"))
    assert found.clip == (30.0, 510.0)
    where = "videos[0].clips[0].annotations[0].language_queries[1].query"
    assert skipped(sample("ego4d_nlq")) == [(where, False)]


def test_reasoning_answers_have_seconds_and_their_window(sample):
    (found,) = entries(sample("activitynet_rtl"))
    turn = Turn("When is it hardest?", "From 12.5 to 20.0 it is, since he stops.")
    assert found.content == Dialogue((turn,), (((12.5, 20.0),),)) and found.duration == 60.0
    assert skipped(sample("activitynet_rtl")) == [("['v_1'].QA[1].a", False)]
    (test,) = entries(sample("activitynet_rtl_test"))
    assert test.video == "v_x" and test.content == Dialogue((Turn("When?", "3.0 9.5 He falls."),), (((3.0, 9.5),),))


def test_tokens_of_vtimellm_become_seconds_of_the_part(sample):
    (found,) = entries(sample("vtimellm"))
    answer = "From 0.0 to 9.4 seconds, a man sits. From 30.0 to 41.2 seconds, he stands."
    assert found.clip == (100.0, 150.0) and found.duration is None
    assert found.content == Dialogue(
        (Turn("What happens when?", answer), Turn("What is there from 30.0 to 41.2 seconds?", "A man who stands.")),
        (((0.0, 9.4), (30.0, 41.25)), None),
    )


def test_messages_become_a_dialogue(sample):
    (found,) = entries(sample("timelens_messages"))
    assert found.video == "v/one.mp4" and found.duration == 90.5
    turns = Turn("When does the dog bark?", "Time intervals: 12.0 - 14.5"), Turn("And the cat?", "[[20.0, 21.0]]")
    assert found.content == Dialogue(turns, (None, None))


def test_transcripts_are_named_like_their_files(sample):
    found = {one.video: one.content for one in entries(sample("whisper"))}
    assert found == {
        "one": events((0.0, 2.5, "Hello there."), (2.5, 4.0, "This is a test.")),
        "three": events((1.5, 2.5, "Bye.")),
        "two": events((1.0, 2.0, "Hi.")),
    }


def test_of_all_files_that_whisper_writes_for_a_video_one_is_read(sample):
    folder = sample("whisper")
    (folder / "two.txt").write_text("Hi.\n")
    (folder / "two.tsv").write_text("start\tend\ttext\n1000\t2000\tHi.\n")
    (folder / "two.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHi.\n")
    (folder / "four.vtt").write_text("WEBVTT\n")
    assert [one.video for one in entries(folder)] == ["one", "three", "two"]
    assert skipped(folder) == [("four.vtt", False), ("two.srt", True), ("two.tsv", True), ("two.txt", True)]
    two = entries(folder)[2]
    assert two.location == "two.json" and two.content == events((1.0, 2.0, "Hi."))


@pytest.mark.parametrize("name", ["qvhighlights", "qvhighlights_coco"])
def test_saliency_is_the_mean_of_the_annotators(name, sample):
    (found,) = entries(sample(name), task="highlight_detection")
    assert found.content == Highlights("A cat jumps.", (6.0, 8.0), (3.0, pytest.approx(4 / 3)), ((6.0, 10.0),))
    assert found.duration == 150.0


def test_tvsum_gives_the_best_shots(sample):
    """Shots of 50 frames are at 25 frames a second; 15 % of 14 shots are two, those rated 5 and 4."""
    first, second = entries(sample("tvsum"))
    assert (first.video, second.video, first.duration) == ("vid1", "vid2", 28.0)
    assert first.content == Highlights("", (4.0, 8.0), (5.0, 4.5))


def test_the_frame_rate_of_tvsum_is_found_where_shots_differ_by_a_frame(tmp_path):
    """At 29.97 frames a second, shots have 59 or 60 frames; two annotators change their scores at different times."""
    edges = np.round(np.arange(161) * 2 * 29.97).astype(int)
    shots = np.random.default_rng(0).integers(1, 6, (2, 160))
    lines = [f"v\tVT\t{','.join(map(str, np.repeat(scores, np.diff(edges))))}\n" for scores in shots]
    (tmp_path / "anno.tsv").write_text("".join(lines))
    (found,) = entries(tmp_path / "anno.tsv")
    assert found.duration == pytest.approx(320, abs=0.1)
    times = np.array(found.content.times)
    assert len(times) == 24 and np.abs(times - 2 * np.round(times / 2)).max() < 0.1


def test_summe_gives_the_best_shots(sample):
    (found,) = entries(sample("summe"))
    assert found.video == "Jumps" and found.duration == 28.0
    assert found.content == Highlights("", (2.0,), (pytest.approx(0.9),))


def test_a_split_must_be_chosen_where_there_are_several(sample):
    path = sample("youcook2")
    assert [one.video for one in entries(path, split="validation")] == ["y2"]
    assert [one.video for one in entries(path, split="all")] == ["y1", "y2"]
    assert skipped(path, split="validation") == [("database['y1']", True)]


def test_further_annotators_of_vitt_are_skipped(sample):
    path = sample("vitt")
    assert skipped(path) == [("[1]", True)]
    assert [one.content for one in entries(path, annotators="each")][1] == events((0.5, None, "Start"))
