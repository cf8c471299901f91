"""Corpora of labelled videos: from the lists of data sets to records with labels and clips."""

import pytest

from timesuite_jax.cli.main import main
from timesuite_jax.data.corpora import BuildSpec, CorpusStats, audit, build_corpus, read_info, read_record
from timesuite_jax.data.corpora import open_corpus as open_folder
from timesuite_jax.data.corpora.annotation_set import read_annotation_set
from timesuite_jax.data.corpora.quarantine import QuarantinedVideo


@pytest.fixture
def kinetics(tmp_path):
    """a and b are videos, empty is broken, gone is missing."""
    rows = ["yoga,a,1,11,train", '"run, fast",b,0,10,train', "yoga,empty,0,10,train", "yoga,gone,5,15,train"]
    path = tmp_path / "train.csv"
    path.write_text("\n".join(["label,youtube_id,time_start,time_end,split", *rows]))
    return path


@pytest.fixture
def trimmed(videos):
    for name, start, end in (("a", 1, 11), ("b", 0, 10), ("empty", 0, 10)):
        (videos / f"{name}.mp4").rename(videos / f"{name}_{start:06d}_{end:06d}.mp4")
    return videos


def records(folder):
    _, source = open_folder(folder)
    return [read_record(source, number) for number in range(len(source))]


def test_labels_and_classes_of_kinetics(kinetics, trimmed, tmp_path):
    info = build_corpus(kinetics, trimmed, tmp_path / "out", BuildSpec("k"), quiet=True)
    assert info.classes == ("run, fast", "yoga") == read_info(tmp_path / "out").classes
    first, second = records(tmp_path / "out")
    assert (first.label, second.label) == (1, 0) and first.turns == () and first.task == "action_recognition"
    assert first.source == "a_000001_000011.mp4" and first.video and first.clip is None and not first.directional
    assert {one.id: one.kind for one in info.quarantine} == {"k/2": "empty", "k/3": "missing"}
    assert info.counts[0]["rejected"] == {"empty": 1, "missing": 1}
    report = audit([tmp_path / "out"], quiet=True)
    assert report.ok and report.records == 2
    stats = CorpusStats()
    stats.add(first)
    assert stats.as_json()["questions"] == 0


def test_quarantined_videos_are_left_out(kinetics, trimmed, tmp_path):
    listed = [QuarantinedVideo(str(trimmed / "a_000001_000011.mp4"), "damaged", "has a damaged frame")]
    info = build_corpus(kinetics, trimmed, tmp_path / "out", BuildSpec("k"), quarantine=listed, quiet=True)
    assert [one.label for one in records(tmp_path / "out")] == [0]
    assert info.quarantine[0].reason == "is quarantined: has a damaged frame"


def test_clips_of_one_video_store_it_once_and_may_not_exceed_it(videos, tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(
        "anet a.mp4 3 0.5 1.5 0\nssv2 b.mp4 -1 -1 -1 0\nanet a.mp4 3 1.0 2.0 0\nanet a.mp4 30 20 25 0\n"
        "anet a.mp4 3 2.0 9.0 0\n"
    )
    info = build_corpus(path, videos, tmp_path / "out", BuildSpec("mash"), quiet=True)
    found = records(tmp_path / "out")
    assert [(one.source, one.clip, one.label, one.directional) for one in found] == [
        ("a.mp4", (0.5, 1.5), None, False),
        ("a.mp4", (1.0, 2.0), None, False),
        ("b.mp4", None, None, True),
    ]
    assert info.seconds == pytest.approx(3.0 + 4.0) and info.tasks == {"video_pretraining": 3}
    assert {one.id: one.kind for one in info.quarantine} == {"mash/3": "clip", "mash/4": "beyond_end"}


def test_the_command(kinetics, trimmed, tmp_path, capsys):
    (tmp_path / "classes.txt").write_text("abseiling\nrun, fast\nyoga\n")
    words = ["data", "build", "--annotations", str(kinetics), "--videos", str(trimmed), "--workers", "1"]
    assert main([*words, "--out", str(tmp_path / "one"), "--classes", str(tmp_path / "classes.txt")]) == 0
    assert [one.label for one in records(tmp_path / "one")] == [2, 1]
    assert main([*words, "--out", str(tmp_path / "two"), "--classes", str(tmp_path / "one")]) == 0
    assert read_info(tmp_path / "two").classes == ("abseiling", "run, fast", "yoga")
    (tmp_path / "few.txt").write_text("abseiling\nyoga\n")
    assert main([*words, "--out", str(tmp_path / "three"), "--classes", str(tmp_path / "few.txt")]) == 0
    assert "has the class 'run, fast', which is not among the 2 classes" in capsys.readouterr().out
    assert main([*words, "--out", str(tmp_path / "four"), "--classes", str(tmp_path / "absent")]) == 2
    assert main(["data", "inspect", str(tmp_path / "one")]) == 0
    assert "action_recognition 2" in capsys.readouterr().out
    assert read_annotation_set(kinetics, trimmed).classes == ("run, fast", "yoga")
