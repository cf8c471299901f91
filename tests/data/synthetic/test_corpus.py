"""Synthetic videos agree with their annotations."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.killed_build import kill_at_the_end
from timesuite_jax.cli.main import main
from timesuite_jax.data.corpora import read_record
from timesuite_jax.data.corpora.build_state import is_finished
from timesuite_jax.data.corpora.corpus import open_corpus
from timesuite_jax.data.synthetic import (
    SINGLE_EVENTS,
    MovingShapesSpec,
    SyntheticCorpusSpec,
    all_texts,
    make_corpus,
    make_event_corpus,
    make_video,
)
from timesuite_jax.data.synthetic.corpus import questions_of
from timesuite_jax.data.synthetic.moving_shapes import COLOURS
from timesuite_jax.errors import UserError
from timesuite_jax.media import SamplingSpec, sample_video
from timesuite_jax.text import build_word_tokenizer, load_tokenizer


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder.parent)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def visible(frame: np.ndarray, colour: str) -> bool:
    distance = np.abs(frame.astype(int) - np.asarray(COLOURS[colour])).max(-1)
    return np.sum(distance < 45) > 25


def test_objects_are_visible_exactly_during_their_events():
    for seed in range(20):
        video = make_video(MovingShapesSpec(objects=(0, 1, 1)), np.random.default_rng(seed))
        assert 2 <= len(video.events) <= 3 and len({event.colour for event in video.events}) == len(video.events)
        assert 3.8 <= video.seconds <= 10.1 and 8 <= video.rate <= 15
        for event in video.events:
            shown = [visible(frame, event.colour) for frame in video.frames]
            times = np.arange(len(video.frames)) / video.rate
            assert shown == [event.start <= t < event.end for t in times]
            assert 0 <= event.start < event.end <= video.seconds + 0.05


def test_the_seed_decides_the_video():
    one, two = (make_video(MovingShapesSpec(objects=(0, 1)), np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.frames, two.frames)
    assert one.events == two.events
    other = make_video(MovingShapesSpec(objects=(0, 1)), np.random.default_rng(6))
    assert other.events != one.events


def test_a_corpus_is_deterministic_and_its_mp4_files_show_the_events(tmp_path):
    spec = SyntheticCorpusSpec("train", 8, conversations=(("grounding", "order"),), shards=2)
    info = make_corpus(tmp_path / "a", spec, seed=1, quiet=True)
    assert sum(info.records) == 8 and not info.quarantine and len(list((tmp_path / "a/videos").glob("*.mp4"))) == 8
    again = make_corpus(tmp_path / "b", spec, seed=1, quiet=True)
    assert again.checksums == info.checksums
    held_out = make_corpus(tmp_path / "c", spec, seed=2, quiet=True)
    assert held_out.checksums != info.checksums
    _, source = open_corpus(tmp_path / "a")
    for number in range(8):
        record = read_record(source, number)
        if record.task == "temporal_video_grounding":
            colour = next(c for c in COLOURS if c in record.turns[0].question)
            video = sample_video(record.video, SamplingSpec(64))
            start, end = record.spans[0]
            inside = [(start + 0.05 < t < end - 0.15) for t in video.seconds]
            outside = [not start - 0.15 < t < end + 0.05 for t in video.seconds]
            shown = [visible(frame, colour) for frame in video.frames]
            assert all(s for s, i in zip(shown, inside, strict=True) if i)
            assert not any(s for s, o in zip(shown, outside, strict=True) if o)


def test_a_killed_command_is_finished_by_a_repeat(tmp_path, capsys):
    out = tmp_path / "c"
    words = ["data", "synthetic", "--videos", "3", "--out", str(out)]
    kill_at_the_end(words, out)
    built = files(out)
    assert {"c/tokenizer.json", "c/annotations.json", "c/dataset_info.json"} <= built.keys()
    assert main(words) == 0
    whole = files(out)
    assert whole == {name: content for name, content in built.items() if "/unfinished/" not in name} != built
    for more in ([], ["--actions"]):  # the corpus is complete, and not changed
        assert main([*words, *more]) == 2
        assert "already holds a corpus; remove it" in capsys.readouterr().err
    assert files(out) == whole


def test_events_continue_after_a_kill_at_the_end(tmp_path, monkeypatch):
    make = functools.partial(make_event_corpus, kind=SINGLE_EVENTS, videos=4, seed=0, size=32, quiet=True)
    with monkeypatch.context() as patch:
        patch.setattr("timesuite_jax.data.corpora.build.finish_build", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make(tmp_path / "e")
    assert not is_finished(tmp_path / "e")
    assert len(make(tmp_path / "e")) == 4
    assert is_finished(tmp_path / "e")


def test_each_object_has_a_record(tmp_path):
    appearance = MovingShapesSpec(objects=(0.0, 1.0))
    make_corpus(tmp_path / "t", SyntheticCorpusSpec("t", 3, appearance, each_object=True), seed=0, quiet=True)
    entries = json.loads((tmp_path / "t/annotations.json").read_text())
    assert [e["video"] for e in entries] == ["000000.mp4"] * 2 + ["000001.mp4"] * 2 + ["000002.mp4"] * 2
    assert entries[0]["spans"] != entries[1]["spans"]


def test_the_tokenizer_has_every_word(tmp_path):
    appearance = MovingShapesSpec(objects=(1, 1, 1))
    tokenizer = load_tokenizer(build_word_tokenizer(all_texts(appearance), tmp_path))
    spec = SyntheticCorpusSpec("x", 1, appearance, conversations=(("grounding",) * 4 + ("order",),))
    first_words = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        for entry in questions_of(make_video(appearance, rng), spec, rng):
            names = [turn["q"] for turn in entry["QA"] if "From" in turn["a"] and "seconds" not in turn["q"]]
            assert len(names) == len(set(names))
            for turn in entry["QA"]:
                first_words.add(turn["a"].split()[0])
                for text in turn.values():
                    assert tokenizer.special.unk not in tokenizer.encode(text), text
    assert {"From", "It", "First"} == first_words


def test_coarse_annotations_are_times_of_sampled_frames(tmp_path):
    spec = SyntheticCorpusSpec("t", 6, each_object=True, annotated_frames=16)
    make_corpus(tmp_path / "t", spec, seed=3, quiet=True)
    _, source = open_corpus(tmp_path / "t")
    for number in range(len(source)):
        record = read_record(source, number)
        stamps = [round(float(t), 1) for t in sample_video(record.video, SamplingSpec(16)).seconds]
        assert set(record.spans[0]) <= set(stamps), (record.spans, stamps)


def test_impossible_videos_are_errors():
    for wrong in ({"colours": ("pink",)}, {"objects": (1,) * 5}, {"size": 30}, {"colours": ("red",), "objects": (1,)}):
        with pytest.raises(UserError):
            MovingShapesSpec(**wrong)
