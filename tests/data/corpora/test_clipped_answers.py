"""Answers that are written from annotated times have these times as they are cut to the video."""

import json

import pytest

from tests.support.annotations import write
from timesuite_jax.data.corpora import BuildSpec, build_corpus, open_corpus, read_record
from timesuite_jax.data.corpora.annotation_set import read_annotation_set
from timesuite_jax.data.sources import ReadOptions


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


def test_ready_made_answers(videos, tmp_path):
    """In the format of their task, such as those of `timesuite data captions`, they are cut; other texts stay."""
    worded = "The given query happens between 3 - 9 seconds. A cook serves 9 plates."
    entries = [
        {"video": "b.mp4", "task": "temporal_grounded_caption", "QA": [{"q": "When?", "a": answer, "spans": [[3, 9]]}]}
        for answer in (worded, "Between 3 and 9 seconds, a cook serves 9 plates.")
    ]
    _, records = corpus(write(tmp_path, entries), videos, tmp_path / "out")
    assert [record.spans for record in records] == 2 * [((3.0, 4.0),)]
    assert records[0].turns[0].answer == "The given query happens between 3 - 4 seconds. A cook serves 9 plates."
    assert records[1].turns[0].answer == "Between 3 and 9 seconds, a cook serves 9 plates."


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
