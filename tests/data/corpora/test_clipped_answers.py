"""Answers that are written from annotated times have these times as they are cut to the video."""

import json

import pytest
from hypothesis import given as given_that
from hypothesis import strategies as st

from tests.support.annotations import write
from timesuite_jax.data.corpora import BuildSpec, build_corpus, open_corpus, read_record
from timesuite_jax.data.corpora.annotation_set import read_annotation_set
from timesuite_jax.data.corpora.record_spans import fit_annotated_spans
from timesuite_jax.data.sources import ReadOptions
from timesuite_jax.data.timepro import TASKS, annotate
from timesuite_jax.data.timepro.source_entry import GroundedQuery, Highlights, SourceEntry, TimedEvent, TimedEvents
from timesuite_jax.data.timepro.tasks.span_list import write_spans


def corpus(annotations, videos, out, task=None, rule="clip"):
    given = read_annotation_set(annotations, videos, ReadOptions(task=task))
    info = build_corpus(given, videos, out, BuildSpec("c", on_bad_span=rule), quiet=True)
    _, records = open_corpus(out)
    return info, [read_record(records, number) for number in range(len(records))]


@pytest.fixture
def captions(tmp_path):
    """Two events of b.mp4, which lasts 4 s; the second ends later."""
    rows = {"b": {"duration": 9.0, "timestamps": [[0.5, 2], [3, 9.04]], "sentences": ["Stir for 9 s", "Serve"]}}
    (tmp_path / "captions.json").write_text(json.dumps(rows))
    return tmp_path / "captions.json"


def test_one_event(captions, videos, tmp_path):
    info, records = corpus(captions, videos, tmp_path / "out", "temporal_video_grounding")
    assert [record.spans for record in records] == [((0.5, 2.0),), ((3.0, 4.0),)]
    assert records[1].turns[0].answer == "The given query happens in 3.0 - 4.0 seconds."
    assert [(one.id, one.kind, one.action) for one in info.bad_spans] == [("c/1", "beyond_end", "clipped")]


def test_a_list_of_events(captions, videos, tmp_path):
    """Their texts stay, even where they have the same number."""
    info, (record,) = corpus(captions, videos, tmp_path / "out")
    assert record.turns[0].answer == "0.5 - 2.0 seconds, Stir for 9 s.  3.0 - 4.0 seconds, Serve."
    assert [(one.kind, one.action) for one in info.bad_spans] == [("beyond_end", "clipped")]


@pytest.mark.parametrize(
    ("rule", "answer", "action"),
    [("keep", "3.0 - 9.0 seconds", "kept"), ("clip", "3.0 - 4.0 seconds", "clipped"), ("reject", None, "rejected")],
)
def test_rules(captions, videos, tmp_path, rule, answer, action):
    rows = json.loads(captions.read_text())
    rows["a"] = {**rows["b"], "timestamps": [[0, 1], [1, 2]]}
    captions.write_text(json.dumps(rows))
    info, records = corpus(captions, videos, tmp_path / "out", rule=rule)
    found = [record.turns[0].answer for record in records if record.source == "b.mp4"]
    assert [answer in text for text in found] == ([] if answer is None else [True])
    assert {one.action for one in info.bad_spans} == {action}


def test_a_rounded_end(captions, videos, tmp_path):
    """Up to a second beyond the end is cut by every rule but `keep`."""
    captions.write_text(captions.read_text().replace("9.04", "4.7"))
    info, (record,) = corpus(captions, videos, tmp_path / "out", rule="reject")
    assert record.turns[0].answer.endswith("3.0 - 4.0 seconds, Serve.")
    assert [(one.kind, one.action) for one in info.bad_spans] == [("rounded", "clipped")]


def given(answer, windows, task="temporal_video_grounding"):
    """An entry about b.mp4, which lasts 4 s."""
    return {"video": "b.mp4", "task": task, "QA": [{"q": "When?", "a": answer, "spans": windows}]}


@pytest.mark.parametrize(
    ("task", "answer", "expected"),
    [
        (
            "temporal_grounded_caption",
            "The given query happens between 3 - 9 seconds. A cook serves 9 plates.",
            "The given query happens between 3 - 4 seconds. A cook serves 9 plates.",
        ),
        (
            "temporal_grounded_caption",
            "Between 3 and 9 seconds, a cook serves 9 plates.",
            "Between 3 and 4 seconds, a cook serves 9 plates.",
        ),
        ("temporal_video_grounding", "From 3.0 to 9.0 seconds.", "From 3.0 to 4.0 seconds."),
        ("multi_format_temporal_grounding", "[[3.0, 9.0]]", "[[3.0, 4.0]]"),
        ("reasoning_temporal_localization", "00:03 - 00:09, to cook.", "00:03 - 00:04, to cook."),
        ("question_answering", "A cook, from 3 s to 9 s.", "A cook, from 3 s to 4 s."),
        ("conversation", "It lasts 9 s, from 3 to 9 seconds.", "It lasts 9 s, from 3 to 4 seconds."),
    ],
)
def test_ready_made_answers(videos, tmp_path, task, answer, expected):
    """Times of true windows are cut in any wording; other numbers stay."""
    info, (record,) = corpus(write(tmp_path, [given(answer, [[3, 9]], task)]), videos, tmp_path / "out")
    assert record.spans == ((3.0, 4.0),) and record.turns[0].answer == expected
    assert [(one.kind, one.action) for one in info.bad_spans] == [("beyond_end", "clipped")]


@pytest.mark.parametrize(
    ("task", "answer", "expected"),
    [
        (
            "temporal_video_grounding",
            "The given query happens in -0.5 - 2.0 seconds.",
            "The given query happens in 0.0 - 2.0 seconds.",
        ),
        ("temporal_video_grounding", "From -0.5 to 2.0 seconds.", None),
        ("multi_format_temporal_grounding", "[[-0.5, 2.0]]", None),
        ("question_answering", "A cook, in the first 2 seconds.", "A cook, in the first 2 seconds."),
    ],
)
def test_a_start_before_the_video_is_cut_or_reported(videos, tmp_path, task, answer, expected):
    annotations = write(tmp_path, [given(answer, [[-0.5, 2]], task)])
    info, (record,) = corpus(annotations, videos, tmp_path / "out")
    assert record.spans == ((0.0, 2.0),) and record.turns[0].answer == (expected or answer)
    assert [one.action for one in info.bad_spans] == ["clipped", "kept"][: 1 if expected else 2]


def test_events_before_the_video_are_cut(videos, tmp_path):
    rows = {"b": {"duration": 4.0, "timestamps": [[-0.5, 2], [3, 4]], "sentences": ["Stir", "Serve"]}}
    (tmp_path / "captions.json").write_text(json.dumps(rows))
    _, (record,) = corpus(tmp_path / "captions.json", videos, tmp_path / "out")
    assert record.turns[0].answer == "0.0 - 2.0 seconds, Stir.  3.0 - 4.0 seconds, Serve."


@pytest.mark.parametrize(("end", "rule"), [(4.8, "reject"), (4.8, "clip"), (9.0, "clip")])
@pytest.mark.parametrize("task", ["temporal_video_grounding", "question_answering"])
def test_an_answer_that_keeps_its_times_is_reported(videos, tmp_path, end, rule, task):
    """In minutes they are not replaced."""
    entries = [given(f"From 0.05 to {end / 60:.2f} minutes.", [[3, end]], task)]
    info, (record,) = corpus(write(tmp_path, entries), videos, tmp_path / "out", rule=rule)
    assert record.spans == ((3.0, 4.0),) and record.turns[0].answer == entries[0]["QA"][0]["a"]
    window, text = info.bad_spans
    assert (window.action, text.action) == ("clipped", "kept") and window.kind == text.kind
    assert text.problem.startswith(f"answer's span 3 - {end:g} s ends") or "extends beyond" in text.problem
    assert text.problem.endswith("; the answer keeps it, because it cannot be replaced in this wording")


@pytest.mark.parametrize("rule", ["reject", "clip", "keep"])
def test_a_rounded_end_in_a_ready_made_answer(videos, tmp_path, rule):
    entries = [given("From 3.0 to 4.6 seconds.", [[3, 4.6]])]
    _, (record,) = corpus(write(tmp_path, entries), videos, tmp_path / "out", rule=rule)
    end = 4.6 if rule == "keep" else 4.0
    assert record.spans == ((3.0, end),) and record.turns[0].answer == f"From 3.0 to {end} seconds."


@pytest.mark.parametrize(
    ("windows", "cut"),
    [([[1, 8], [1, 9]], 1), ([[1, 4], [1, 9]], 1), ([[1, 9], [2, 3], [1, 4]], 2), ([[1, 2], [1, 2]], 2)],
)
def test_windows_that_are_equal_when_they_are_cut_are_one(videos, tmp_path, windows, cut):
    """Windows that the source has twice are its own."""
    answer = f"The given query happens in {write_spans(windows)} seconds."
    _, (record,) = corpus(write(tmp_path, [given(answer, windows)]), videos, tmp_path / "out")
    assert len(record.spans) == cut
    if windows[0][1] > 4:
        assert record.turns[0].answer == f"The given query happens in {write_spans(record.spans)} seconds."


def test_highlights(videos, tmp_path):
    row = {"qid": 1, "query": "a cat", "vid": "b", "duration": 10, "relevant_windows": [[0, 10]]}
    row |= {"relevant_clip_ids": [0, 2], "saliency_scores": [[1, 2, 3], [4, 4, 4]]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    (videos / "b.mp4").rename(videos / "long.mp4")
    (videos / "a.mp4").rename(videos / "b.mp4")  # 3 s: the second moment, at 4 s, is a second late
    info, (record,) = corpus(tmp_path / "a.jsonl", videos, tmp_path / "out")
    assert record.turns[0].answer.startswith("The highlight timestamps are in the 0.0, 3.0 seconds. Their saliency ")
    assert record.turns[0].answer.endswith("scores are 2.0, 4.0.") and record.spans == ((0.0, 3.0),)
    assert {one.kind: one.action for one in info.bad_spans} == {"beyond_end": "clipped", "rounded": "clipped"}


LENGTH = 61.333
TIME = st.floats(-1, 2 * LENGTH) | st.sampled_from([LENGTH - 0.03, LENGTH + 0.02, LENGTH + 0.97, -0.03])
SPANS = st.lists(st.tuples(TIME, TIME).map(lambda edges: (min(edges), max(edges))), min_size=1, max_size=3).map(tuple)
CONTENTS = {
    GroundedQuery: SPANS.map(lambda spans: GroundedQuery("a cat", spans, "It jumps 99 times.")),
    TimedEvents: SPANS.map(
        lambda spans: TimedEvents(tuple(TimedEvent(*span, "cook for 99 seconds") for span in spans))
    ),
    Highlights: SPANS.map(lambda spans: Highlights("a cat", spans[0], (1.0, 2.0))),
}


@pytest.mark.parametrize("task", sorted(name for name, task in TASKS.items() if task.content))
@given_that(st.data(), st.integers(0, 100))
def test_no_written_answer_has_a_time_beyond_the_video(task, data, seed):
    content = data.draw(CONTENTS[TASKS[task].content])
    annotation = annotate(SourceEntry(seed, "line 1", "a.mp4", task, content), seed)
    fitted = fit_annotated_spans(annotation, LENGTH, "clip", name="c/0")
    if any(one.action == "rejected" for one in fitted.bad):
        return
    match TASKS[task].parse(fitted.turns[0].answer):
        case GroundedQuery(spans=spans):
            times = [time for span in spans for time in span]
        case TimedEvents(events):
            times = [time for event in events for time in (event.start, event.end)]
        case Highlights(times=times):
            pass
    assert times and min(times) >= 0 and max(times) <= 61.3  # LENGTH with one decimal
    assert "kept" not in {one.action for one in fitted.bad}


def test_an_event_that_is_outside_only_when_it_is_rounded(videos, tmp_path):
    """Of 3.96 to 4.97 s an answer has 4.0 to 5.0, which does not overlap the 4 s of the video."""
    entries = [given(answer, [[3.96, 4.97]]) for answer in ("From 4.0 to 5.0 seconds.", "From 0.067 to 0.083 minutes.")]
    info, records = corpus(write(tmp_path, entries), videos, tmp_path / "out")
    assert [record.spans for record in records] == [((3.96, 4.0),)] * 2
    assert [record.turns[0].answer for record in records] == ["From 4.0 to 4.0 seconds.", entries[1]["QA"][0]["a"]]
    assert [(one.id, one.action) for one in info.bad_spans] == [
        ("c/0", "clipped"), ("c/1", "clipped"), ("c/1", "kept"),
    ]  # fmt: skip
