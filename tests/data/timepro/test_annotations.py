"""Annotation files, good and bad, and the building of corpora from them."""

import json
from importlib import import_module
from pathlib import Path

import pytest

from tests.support import sample_videos
from timesuite_jax.data.corpora import BuildSpec, audit, build_corpus, decode_record, open_corpus
from timesuite_jax.data.timepro import read_annotations
from timesuite_jax.errors import UserError

GROUNDING = "temporal_video_grounding"


def annotations(tmp_path: Path, entries) -> Path:
    path = tmp_path / "annotations.json"
    path.write_text(entries if isinstance(entries, str) else json.dumps(entries))
    return path


def entry(video="a.mp4", **changes):
    answer = "The given query happens in 0.5 - 2.5 seconds."
    return {"video": video, "QA": [{"i": "", "q": "When does it happen?", "a": answer}], **changes}


def test_fields(tmp_path):
    path = annotations(
        tmp_path,
        [
            entry(),
            entry(start=1, end=2.5, spans=[[0, 1]], task="step_localization"),
            entry(QA=[{"i": "Look.", "q": "a?", "a": "b"}, {"q": "", "a": "c"}], task="conversation"),
        ],
    )
    first, second, third = read_annotations(path, GROUNDING)
    assert first.spans == ((0.5, 2.5),) and first.clip is None and first.task == GROUNDING
    assert second.clip == (1.0, 2.5) and second.spans == ((0.0, 1.0),) and second.task == "step_localization"
    assert third.turns[0].instruction == "Look." and third.turns[1].answer == "c" and third.spans == ()


def test_all_errors_are_named_at_once(tmp_path):
    wrong = [
        "text",
        {"QA": [{"q": "a", "a": "b"}]},
        entry(video=3),
        entry(QA=[]),
        entry(QA=[{"q": "a"}, {"q": 1, "a": "b"}, {"q": "a", "a": " "}]),
        entry(start=3, end=2),
        entry(end=2),
        entry(start=True, end=2),
        entry(spans=[[2, 1]]),
        entry(spans={"a": 1}),
        entry(task="grounding"),
        entry(task=["conversation"]),
        entry(video="a\0.mp4"),
        entry(QA=[{"q": "a \ud800", "a": "b"}]),
        entry(),
    ]
    with pytest.raises(UserError) as caught:
        read_annotations(annotations(tmp_path, wrong), GROUNDING)
    message = str(caught.value)
    for part in (
        "annotations.json has 16 wrong fields",
        "record 0, record: is a string, not an object",
        "record 1, video: is missing",
        "record 2, video: is 3, not a path",
        "record 3, QA: is missing or empty",
        "record 4, QA[0].a: is missing",
        "record 4, QA[1].q: is 1",
        "record 4, QA[2].a: is ' '",
        "record 5, start and end: is [3, 2], not two seconds in order",
        "and 6 more; correct the file",
    ):
        assert part in message, part


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("../../../../.cache/blobs/36470518c0a555bb", "holds only a path .*symbolic link; download the file itself"),
        ('[{"video": "a.mp4"}, f', "is not JSON .*; download it again"),
        ('{"a": []}', "holds a JSON object, not a list of records"),
        ("[]", "holds no record"),
        ("[" * 5000, "is not JSON .*; download it again"),
    ],
)
def test_broken_files(content, problem, tmp_path):
    with pytest.raises(UserError, match=problem):
        read_annotations(annotations(tmp_path, content), GROUNDING)


def test_missing_file_and_unknown_task(tmp_path):
    with pytest.raises(UserError, match="there is no annotation file"):
        read_annotations(tmp_path / "none.json", GROUNDING)
    with pytest.raises(UserError, match=r"unknown task 'tvg'; known: temporal_video_grounding"):
        read_annotations(annotations(tmp_path, [entry()]), "tvg")


@pytest.fixture
def videos(tmp_path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(sample_videos.numbered_film(36))
    (folder / "b.mp4").write_bytes(sample_videos.numbered_film(48))
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "sound.mp4").write_bytes(sample_videos.audio_only())
    (folder / "short.mp4").write_bytes(sample_videos.cut_off(sample_videos.numbered_film(), index_first=True))
    return folder


BAD = [entry("empty.mp4"), entry("sound.mp4"), entry("short.mp4"), entry("gone.mp4"), entry("a.mp4", start=5, end=6)]


@pytest.mark.parametrize("frames", [None, 8])
def test_bad_videos_are_rejected_never_replaced(frames, videos, tmp_path):
    entries = [entry("a.mp4"), *BAD, entry("b.mp4", start=1, end=3)]
    spec = BuildSpec("test", shards=2, frames=frames, frame_side=24)
    info = build_corpus(annotations(tmp_path, entries), videos, tmp_path / "out", spec, quiet=True)
    assert info.records == (1, 1)
    assert [(r.id, r.source) for r in info.quarantine] == [(f"test/{n + 1}", e["video"]) for n, e in enumerate(BAD)]
    reasons = " | ".join(rejected.reason for rejected in info.quarantine)
    for reason in ("is empty", "has no video stream", "is cut off", "does not exist", "has no clip from 5 to 6 s"):
        assert reason in reasons
    _, source = open_corpus(tmp_path / "out")
    first, second = (decode_record(source[n], "") for n in range(2))
    assert (first.id, first.source, second.id, second.source) == ("test/0", "a.mp4", "test/6", "b.mp4")
    if frames is None:
        assert first.video == (videos / "a.mp4").read_bytes()
        assert second.clip == (1.0, 3.0) and second.duration == pytest.approx(4.0)
    else:
        assert len(second.frames) == 8 and second.clip is None and second.duration == pytest.approx(2.0)
        assert second.frame_times[0] == pytest.approx(1 / 12, abs=1e-3)


def test_audit(videos, tmp_path):
    spec = BuildSpec("test")
    build_corpus(annotations(tmp_path, [entry("a.mp4"), entry("b.mp4")]), videos, tmp_path / "out", spec, quiet=True)
    good = audit([tmp_path / "out", videos / "a.mp4"], quiet=True)
    assert good.ok and good.records == 2 and good.videos == 1
    mixed = audit([videos], quiet=True)
    assert mixed.videos == 5 and {Path(f.where).name for f in mixed.findings} == {"empty.mp4", "sound.mp4", "short.mp4"}
    shard = tmp_path / "out" / "test-00000-of-00001.tfrecord"
    data = bytearray(shard.read_bytes())
    data[len(data) // 4] ^= 255
    shard.write_bytes(data)
    problems = [finding.problem for finding in audit([tmp_path / "out"], quiet=True).findings]
    assert len(problems) == 2 and "does not have the checksum" in problems[0] and "fails its checksum" in problems[1]
    json.dumps(mixed.as_json())
    empty = tmp_path / "nothing"
    empty.mkdir()
    with pytest.raises(UserError, match="neither a corpus nor videos"):
        audit([empty], quiet=True)
    with pytest.raises(UserError, match=r"there is no .*; give corpora"):
        audit([tmp_path / "nowhere"], quiet=True)


def test_message_classes_are_there_before_threads_are(videos, tmp_path, monkeypatch):
    """Their import replaces `__import__` for a while, and other threads (of the bar, for one) import now and then."""
    order = []
    corpus, building, auditing = (
        import_module(f"timesuite_jax.data.corpora.{name}") for name in ("corpus", "build", "audit")
    )
    for module in (corpus, auditing):
        monkeypatch.setattr(module, "example_class", lambda: order.append("classes"))
    for module in (building, auditing):
        monkeypatch.setattr(module, "track", lambda items, *_, **__: order.append("bar") or items)
    build_corpus(annotations(tmp_path, [entry("a.mp4")]), videos, tmp_path / "out", BuildSpec("test"))
    audit([tmp_path / "out"])
    assert order == ["classes", "bar"] * 2
