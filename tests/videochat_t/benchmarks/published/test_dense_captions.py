"""Dense captioning as a published benchmark."""

import json

import pytest

from tests.support.annotation_samples import SAMPLES
from tests.support.published import Answers, sources
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import run_benchmark
from timesuite_jax.metrics.captions.meteor import scorer
from timesuite_jax.metrics.captions.meteor.lexicon import Lexicon
from timesuite_jax.text.prompts import DENSE_CAPTION
from timesuite_jax.videochat_t.benchmarks.published.dense_captions.event_answers import read_events, read_upstream
from timesuite_jax.videochat_t.benchmarks.published.table import PUBLISHED
from timesuite_jax.videochat_t.benchmarks.report_cards import report_card

RIGHT = "5.0 - 12.0 seconds, chop the onion.  20.0 - 31.0 seconds, fry it."  # the truth of video y1
YOUCOOK2 = SAMPLES["youcook2"]


@pytest.fixture(autouse=True)
def no_lexicon(monkeypatch):
    """METEOR without synonyms and paraphrases, which take seconds to read."""
    monkeypatch.setattr(scorer, "installed_lexicon", lambda sentences: Lexicon())


@pytest.mark.parametrize(
    ("read", "text", "events"),
    [
        (read_events, RIGHT, [(5, 12, "chop the onion"), (20, 31, "fry it")]),
        (read_events, "20.0 - 31.0 seconds, b.  5.0 - 12.0 seconds, a.", [(5, 12, "a"), (20, 31, "b")]),
        (read_events, "0.3 seconds, Opening.  16.0 seconds, End.", [(0.3, 16, "Opening"), (16, 60, "End")]),
        (read_events, "From 0:05 to 0:12, he chops.", [(5, 12, "he chops.")]),
        (read_events, "There are no events in this video.", []),
        (read_events, "It is a kitchen.", []),
        (read_upstream, RIGHT, [(5, 12, "chop the onion."), (20, 31, "fry it.")]),
        (read_upstream, "At 30 seconds, he chops.", [(10, 50, ", he chops.")]),
        (read_upstream, "start time 1..2, end time 3 he chops", []),
        (read_upstream, "1..2 - 3 seconds, he chops", []),
    ],
)
def test_events_of_an_answer(read, text, events):
    found = read(text, 60.0)
    if read is read_upstream:  # its captions keep punctuation that the scorer's tokens do not have
        found = tuple((start, end, caption.strip(", ")) for start, end, caption in found)
        events = [(start, end, caption.strip(", ")) for start, end, caption in events]
    assert list(found) == events


@pytest.mark.parametrize("protocol", ["default", "paper"])
def test_a_right_answer(tmp_path, protocol):
    files = sources(tmp_path, YOUCOOK2, ["y1.mp4", "y2.mp4"], split="training")
    benchmark = PUBLISHED["youcook2"](files, protocol=protocol)
    result = run_benchmark(benchmark, model := Answers(RIGHT), batch_size=1)
    metrics = result.metrics()
    assert (
        metrics["soda_c_meteor_exact_stem"] == pytest.approx(1.0) and metrics["f1"] == 1.0 and metrics["events"] == 2.0
    )
    assert model.shown == [("y1.mp4", None)] and metrics["parse_failures"] == 0.0
    assert (model.asked[0].turn.question == DENSE_CAPTION) == (protocol == "paper")
    assert model.asked[0].form == "events"
    found = result.as_json()
    assert found["f1 (1 of 1, no official split)"] == 1.0  # the made-up file has fewer videos than the release
    assert found["breakdown"]["span_length"] == {
        "up to 10 s": {"n": 1, "recall": 1.0},
        "10 to 30 s": {"n": 1, "recall": 1.0},
    }
    assert found["breakdown"]["position"]["first third"]["n"] == 1
    assert found["breakdown"]["video_length"]["under 1 min"]["f1"] == 1.0
    assert found["round_numbers"]["multiples_of_1"] == 1.0


def test_a_wrong_answer_and_a_missing_video(tmp_path):
    files = sources(tmp_path, YOUCOOK2, ["y1.mp4"], split="all")
    result = run_benchmark(PUBLISHED["youcook2"](files), Answers("40.0 - 50.0 seconds, a dog."), batch_size=1)
    assert result.metrics()["f1"] == 0.0 and result.metrics()["cider"] == 0.0
    found = result.as_json()
    assert found["f1 (1 of 2, no official split)"] == 0.0 and found["names_of_missing_videos"] == ["y2"]
    assert found["breakdown"]["span_length"]["10 to 30 s"]["recall"] == 0.0
    with pytest.raises(UserError, match="has several splits: training"):
        PUBLISHED["youcook2"](sources(tmp_path, YOUCOOK2, []))


def test_answers_without_events(tmp_path):
    files = sources(tmp_path, SAMPLES["activitynet_captions"], ["v_1.mp4"])
    result = run_benchmark(PUBLISHED["activitynet_captions"](files), Answers("Nothing."), batch_size=1)
    assert result.metrics()["parse_failures"] == 1.0 and result.metrics()["f1"] == 0.0
    card = report_card("a", next(iter(result.predictions.values())), "", "f1 0.00", ())
    assert [lane.name for lane in card.lanes] == ["truth", "answer"] and card.lanes[1].empty
    assert dict(card.texts)["truth"].startswith("0.5 - 9.2 seconds, He sits.")


def test_sections_last_until_the_next_one_begins(tmp_path):
    files = {**SAMPLES["vitt"], "test_id.txt": b"FmTp\n"}
    answer = "0.3 seconds, Opening.  16.0 seconds, End."
    result = run_benchmark(PUBLISHED["vitt"](sources(tmp_path, files, ["FmTp.mp4"])), Answers(answer), batch_size=2)
    first, second = result.predictions.values()  # one for each annotator
    assert first.truth == ((0.26, 16.0, "Opening"), (16.0, 60.0, "End")) and second.truth == ((0.5, 60.0, "Start"),)
    assert first.events[1] == (16.0, 60.0, "End")
    question = first.question
    assert "start time for each event" in question and set(result.settings["benchmark.annotations"]) == set(files)
    with pytest.raises(UserError, match=r"test_id\.txt lists no video of the annotations of vitt"):
        PUBLISHED["vitt"](sources(tmp_path, {**files, "test_id.txt": b"other\n"}, []))


def test_both_annotations_of_a_video(tmp_path):
    rows = {"v_1": {"duration": 40.0, "timestamps": [[0.0, 20.0]], "sentences": ["He sits."]}}
    files = {"val_1.json": json.dumps(rows).encode(), "val_2.json": json.dumps(rows).encode()}
    benchmark = PUBLISHED["activitynet_captions"](sources(tmp_path, files, ["v_1.mp4"]))
    result = run_benchmark(benchmark, Answers("0.0 - 20.0 seconds, He sits."), batch_size=2)
    assert list(result.predictions) == ["val_1.json#0", "val_2.json#0"] and result.metrics()["f1"] == 1.0
    assert result.scores.group_count == 1  # one video
    parts = result.scores.details["breakdown"]["category"]
    assert set(parts) == {"val_1.json", "val_2.json"} and parts["val_2.json"]["n"] == 1


@pytest.mark.parametrize("batch_size", [1, 3])
def test_stored_answers_are_not_asked_again(tmp_path, batch_size):
    files = sources(tmp_path, SAMPLES["vitt"], ["FmTp.mp4"])
    answer = "0.3 seconds, Opening.  16.0 seconds, End."
    options = {"batch_size": batch_size, "folder": tmp_path / "results"}
    first = run_benchmark(PUBLISHED["vitt"](files), Answers(answer), **options, limit=1)
    assert len(first.predictions) == 1
    resumed = run_benchmark(PUBLISHED["vitt"](files), model := Answers(answer), **options)
    assert len(model.asked) == 1 and len(resumed.predictions) == 2
    whole = run_benchmark(PUBLISHED["vitt"](files), Answers(answer), batch_size=2)
    assert resumed.predictions == whole.predictions and resumed.metrics() == whole.metrics()
