"""Corpora of annotation files in the formats of their sources."""

import json
import shutil

import pytest

from timesuite_jax.cli.main import main
from timesuite_jax.data.corpora import BuildSpec, build_corpus, decode_record, open_corpus
from timesuite_jax.data.corpora.annotation_set import read_annotation_set
from timesuite_jax.data.sources import ReadOptions


@pytest.fixture
def coin(tmp_path):
    """a and b have steps, c is of the other split, and a step of d has no time."""
    steps = [{"label": "open it", "segment": [0, 1]}, {"label": "pour", "segment": [1.5, 2.5]}]
    videos = {
        "a": {"subset": "training", "annotation": steps},
        "b": {"subset": "training", "annotation": steps},
        "c": {"subset": "testing", "annotation": steps},
        "d": {"subset": "training", "annotation": [{"label": "wait", "segment": None}]},
    }
    (tmp_path / "COIN.json").write_text(json.dumps({"database": videos}))
    return tmp_path / "COIN.json"


def test_a_corpus_of_coin(coin, videos, tmp_path):
    """Videos are named by their ids."""
    given = read_annotation_set(coin, videos, ReadOptions(split="training"))
    info = build_corpus(given, videos, tmp_path / "out", BuildSpec("coin"), quiet=True)
    assert info.tasks == {"step_localization": 2}
    _, source = open_corpus(tmp_path / "out")
    first, second = (decode_record(source[number], "") for number in range(2))
    assert (first.source, second.source) == ("a.mp4", "b.mp4")
    assert first.turns[0].answer == "0.0 - 1.0 seconds, open it.  1.5 - 2.5 seconds, pour."
    assert [(one.id, one.reason, one.kind) for one in info.quarantine] == [
        ("coin/database['c']", "in split 'testing', not 'training'", "excluded"),
        ("coin/database['d'].annotation[0].segment", "is missing", "invalid_row"),
    ]
    rejected = {"excluded": 1, "invalid_row": 1}
    assert info.counts == ({"source": "COIN", "task": "step_localization", "records": 2, "rejected": rejected},)


def test_an_ambiguous_video_is_rejected(coin, videos, tmp_path):
    """With the id that its record would have had."""
    shutil.copy(videos / "a.mp4", videos / "a.mkv")
    given = read_annotation_set(coin, videos, ReadOptions(split="all"))
    assert [(one.source, one.kind) for one in given.rejected] == [("", "invalid_row"), ("a", "ambiguous_video")]
    assert [one.video for one in given.annotations] == ["b.mp4", "c"]
    info = build_corpus(given, videos, tmp_path / "out", BuildSpec("steps"), quiet=True)
    assert {one.source: one.id for one in info.quarantine if one.source} == {"a": "steps/0", "c": "steps/2"}
    _, source = open_corpus(tmp_path / "out")
    assert decode_record(source[0], "").id == "steps/1"


def test_the_command(coin, videos, tmp_path, capsys):
    words = ["data", "build", "--annotations", str(coin), "--videos", str(videos), "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "has several splits: testing (1), training (3); choose one with --split" in capsys.readouterr().err
    assert main([*words, "--split", "all", "--format", "youcook2"]) == 2
    assert "does not have the format youcook2" in capsys.readouterr().err
    assert main([*words, "--split", "training", "--strict"]) == 1
    shown = capsys.readouterr().out
    assert "1 row excluded (listed in dataset_info.json): 1 row: in split 'testing', not 'training'" in shown
    assert "1 sample rejected (listed in dataset_info.json): 1 invalid_row" in shown
    assert "\n  out/database['d'].annotation[0].segment: is missing\n" in shown


def test_excluded_rows_do_not_fail_a_strict_build(videos, tmp_path, capsys):
    moment = {"relevant": True, "clip": True, "v_duration": 3.0, "bounds": [1, 2], "steps": []}
    content = {"Make tea": {"a.mp4": moment, "b.mp4": {**moment, "clip": False}}}
    (tmp_path / "all_data_val.json").write_text(json.dumps(content))
    words = ["--annotations", str(tmp_path / "all_data_val.json"), "--videos", str(videos), "--strict"]
    assert main(["data", "build", *words, "--out", str(tmp_path / "out")]) == 0
    assert "1 row: the video has no annotated moment" in capsys.readouterr().out
