"""An audit classifies what is wrong with videos and spans; a build rejects the videos that it lists."""

import json
import os
from importlib import import_module

import pytest

from tests.support import encoded_videos, faulty_decoder, sample_videos
from tests.support.annotations import entry, write
from timesuite_jax.cli.main import main
from timesuite_jax.data.corpora import audit, read_info
from timesuite_jax.data.corpora.annotation_set import read_annotation_set
from timesuite_jax.data.corpora.build_video import GRACE_S
from timesuite_jax.data.corpora.quarantine import read_quarantine
from timesuite_jax.data.corpora.worker_pool import WorkerPool
from timesuite_jax.errors import UserError

KINDS = {
    "empty.mp4": "empty",
    "text.mp4": "not_a_video",
    "playlist.mkv": "not_a_video",
    "sound.mp4": "no_video_stream",
    "short.mp4": "truncated",
    "pipe.mp4": "not_a_file",
    "folder.mp4": "not_a_file",
    "single.mp4": "too_few_frames",
    "still.mp4": "zero_duration",
    "slow.mkv": "frame_rate",
    "hang.mp4": "deadline",
    "crash.mp4": "crash",
}


@pytest.fixture
def bad(videos, monkeypatch):
    """One video of each kind of problem, besides two good ones."""
    monkeypatch.setattr(import_module("timesuite_jax.data.corpora.audit"), "check_item", faulty_decoder.check_item)
    whole = sample_videos.numbered_video(24)
    for name, data in {
        "text.mp4": b"this is no video" * 20,
        "playlist.mkv": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n",
        "single.mp4": sample_videos.numbered_video(1),
        "still.mp4": sample_videos.without_duration(),
        "slow.mkv": sample_videos.timestamped_video([0, 10**6]),
        "hang.mp4": whole,
        "crash.mp4": whole,
    }.items():
        (videos / name).write_bytes(data)
    (videos / "folder.mp4").mkdir()
    os.mkfifo(videos / "pipe.mp4")
    return videos


def test_problems_have_kinds_and_videos_are_quarantined(bad, tmp_path):
    report = audit([bad], deadline_s=2.0, quiet=True)
    assert {one.where.rpartition("/")[2]: one.kind for one in report.findings} == KINDS
    assert sum(report.kinds.values()) == len(KINDS) and report.kinds["not_a_video"] == 2
    assert {one.video: one.kind for one in report.quarantine} == {str(bad / name): kind for name, kind in KINDS.items()}
    json.dumps(report.as_json())


def test_a_build_rejects_quarantined_videos(bad, tmp_path, capsys, monkeypatch):
    listed = f"{tmp_path}/quarantine.json"
    assert main(["data", "check", str(bad), "--quarantine", listed, "--deadline", "2"]) == 1
    assert "by kind: crash 1, deadline 1, empty 1" in capsys.readouterr().out
    assert len(read_quarantine(listed)) == len(KINDS)
    annotations = write(tmp_path, [entry("a.mp4"), *(entry(name) for name in KINDS), entry("b.mp4"), entry("gone.mp4")])
    words = ["--annotations", annotations, "--videos", bad, "--quarantine", listed, "--out", tmp_path / "out"]
    monkeypatch.chdir(tmp_path)
    assert main(["data", "build", *map(str, words)]) == 0
    info = read_info(tmp_path / "out")
    assert {one.source: one.kind for one in info.quarantine} == {**KINDS, "gone.mp4": "missing"} and len(info) == 2
    assert "15 samples" not in capsys.readouterr().out


def test_copies_are_noted_or_rejected(videos, tmp_path):
    (videos / "copy.mp4").write_bytes((videos / "a.mp4").read_bytes())
    same_size = bytearray((videos / "a.mp4").read_bytes())
    same_size[-1] ^= 1
    (videos / "other.mp4").write_bytes(same_size)
    paths = [videos / name for name in ("a.mp4", "b.mp4", "copy.mp4", "other.mp4")]
    report = audit(paths, quiet=True)
    assert [(note.where, note.kind) for note in report.notes] == [(f"{videos}/copy.mp4", "duplicate")]
    assert report.ok and report.kinds == {"duplicate": 1} and not report.quarantine
    assert report.notes[0].note == f"has the same content as {videos}/a.mp4"
    rejected = audit(paths, quiet=True, on_duplicate="reject")
    assert [one.video for one in rejected.quarantine] == [f"{videos}/copy.mp4"] and not rejected.ok


def test_copies_among_annotated_videos_are_found(videos, tmp_path):
    (videos / "copy.mp4").write_bytes((videos / "a.mp4").read_bytes())
    path = write(tmp_path, [entry("a.mp4"), entry("copy.mp4")])
    annotations = read_annotation_set(path, videos)
    report = audit([], annotations=annotations, videos=videos, quiet=True, on_duplicate="reject")
    assert [(one.video, one.kind) for one in report.quarantine] == [(f"{videos}/copy.mp4", "duplicate")]
    both = audit([videos / "a.mp4", videos / "../videos/a.mp4"], annotations=annotations, videos=videos, quiet=True)
    assert both.ok and {note.where for note in both.notes} == {f"{videos}/copy.mp4"}


def test_a_process_has_time_for_every_clip_of_its_video(videos, tmp_path, monkeypatch):
    """As in a build: a video with many clips would be quarantined for the time that they take together."""
    limits = []

    class Pool(WorkerPool):
        def __init__(self, function, workers, limit_s):
            super().__init__(function, workers, lambda item: limits.append(limit_s(item)) or limit_s(item))

    monkeypatch.setattr(import_module("timesuite_jax.data.corpora.audit"), "WorkerPool", Pool)
    path = write(tmp_path, [entry("b.mp4", start=start, end=4) for start in (0, 0.5, 1)])
    audit([videos / "a.mp4"], annotations=read_annotation_set(path, videos), videos=videos, deadline_s=20, quiet=True)
    assert limits == [20 + GRACE_S, 3 * 20 + GRACE_S]


def test_annotations_are_compared_with_their_videos(videos, tmp_path, capsys):
    """b.mp4 lasts 4 s."""

    def asked(first, last, **more):
        return entry("b.mp4", QA=[{"q": "When?", "a": f"From {first} to {last} seconds."}], **more)

    entries = [asked(1.0, 2.0), asked(1.0, 9.0), asked(3.0, 1.0), entry("gone.mp4"), entry("gone.mp4"),
               asked(0.1, 0.2, start=7, end=9), entry("empty.mp4")]  # fmt: skip
    path = write(tmp_path, entries)
    report = audit([], annotations=read_annotation_set(path, videos), videos=videos, quiet=True)
    assert report.kinds == {"beyond_end": 1, "reversed": 1, "clip": 1, "missing": 1, "empty": 1}
    assert report.videos == 3 and report.records == 0
    assert {one.video.rpartition("/")[2] for one in report.quarantine} == {"gone.mp4", "empty.mp4"}
    assert any(one.problem.endswith("gone.mp4 (2 records)") for one in report.findings)
    assert any(one.where == f"{videos}/b.mp4, record 2" and one.kind == "reversed" for one in report.findings)
    assert main(["data", "check", "--annotations", str(path), "--videos", str(videos)]) == 1
    assert "3 videos checked, 5 problems" in capsys.readouterr().out
    assert main(["data", "check", "--annotations", str(path)]) == 2
    assert main(["data", "check"]) == 2
    both = ["--report", f"{tmp_path}/q.json", "--quarantine", f"{tmp_path}/q.json"]
    assert main(["data", "check", str(videos), *both]) == 2
    assert "give two files" in capsys.readouterr().err and not (tmp_path / "q.json").exists()


def test_other_files_are_no_quarantine_lists(tmp_path):
    path = tmp_path / "q.json"
    with pytest.raises(UserError, match=r"no quarantine list .*; write one with `timesuite data check VIDEOS --quar"):
        read_quarantine(path)
    for content in ("{", "[]", "3", '{"version": 2, "videos": []}', '{"version": 1, "videos": [{"video": "a"}]}',
                    '{"version": 1, "videos": [{"video": 1, "kind": "a", "problem": "b"}]}', "[" * 10**5):  # fmt: skip
        path.write_text(content)
        with pytest.raises(UserError, match=r"is no quarantine list"):
            read_quarantine(path)


def test_sound_before_the_picture_is_a_note(tmp_path):
    (tmp_path / "late.mp4").write_bytes(encoded_videos.encode_with_sound("libx264", "aac", "mp4", delay=2))
    report = audit([tmp_path], quiet=True)
    assert report.ok and report.kinds == {"clock": 1} and not report.quarantine
