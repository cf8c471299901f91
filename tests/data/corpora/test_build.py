"""Corpora are built from annotations; videos that cannot be decoded are rejected."""

from importlib import import_module

import pytest

from tests.support.annotations import entry, write
from timesuite_jax.data.corpora import BuildSpec, audit, build_corpus, decode_record, open_corpus

BAD = [entry("empty.mp4"), entry("sound.mp4"), entry("short.mp4"), entry("gone.mp4"), entry("a.mp4", start=5, end=6)]


@pytest.mark.parametrize("frames", [None, 8])
def test_bad_videos_are_rejected_never_replaced(frames, videos, tmp_path):
    entries = [entry("a.mp4"), *BAD, entry("b.mp4", start=1, end=3)]
    spec = BuildSpec("test", shards=2, frames=frames, frame_side=24)
    info = build_corpus(write(tmp_path, entries), videos, tmp_path / "out", spec, quiet=True)
    assert info.records == (1, 1)
    assert [(r.id, r.source) for r in info.quarantine] == [(f"test/{n + 1}", e["video"]) for n, e in enumerate(BAD)]
    reasons = " | ".join(rejected.reason for rejected in info.quarantine)
    for reason in ("is empty", "has no video stream", "is truncated", "does not exist", "has no clip from 5 to 6 s"):
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


def test_message_classes_are_imported_before_threads_start(videos, tmp_path, monkeypatch):
    """Their import replaces `__import__` temporarily, while other threads (such as the progress bar's) may import."""
    order = []
    corpus, building, auditing = (
        import_module(f"timesuite_jax.data.corpora.{name}") for name in ("corpus", "build", "audit")
    )
    for module in (corpus, auditing):
        monkeypatch.setattr(module, "example_class", lambda: order.append("classes"))
    for module in (building, auditing):
        monkeypatch.setattr(module, "track", lambda items, *_, **__: order.append("bar") or items)
    build_corpus(write(tmp_path, [entry("a.mp4")]), videos, tmp_path / "out", BuildSpec("test"))
    audit([tmp_path / "out"])
    assert order == ["classes", "bar"] * 2
