"""Corpora are built from annotations; videos that cannot be decoded are rejected."""

from importlib import import_module

import pytest

from tests.support.annotations import entry, write
from timesuite_jax.data.corpora import (
    BuildSpec,
    audit,
    build_corpus,
    decode_record,
    open_corpus,
    read_info,
    read_record,
)
from timesuite_jax.errors import UserError

BAD = [entry("empty.mp4"), entry("sound.mp4"), entry("short.mp4"), entry("gone.mp4"), entry("a.mp4", start=5, end=6)]


@pytest.mark.parametrize("frames", [None, 8])
def test_bad_videos_are_rejected_never_replaced(frames, videos, tmp_path):
    entries = [entry("a.mp4"), *BAD, entry("b.mp4", start=1, end=3)]
    spec = BuildSpec("test", shards=2, frames=frames, frame_side=24 if frames else 256)
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


def test_bad_spans_are_rejected_clipped_or_kept(videos, tmp_path):
    """b.mp4 lasts 4 s."""

    def answer(first, last, **more):
        return entry("b.mp4", QA=[{"q": "When?", "a": f"It happens from {first} to {last} seconds."}], **more)

    entries = [
        answer(1.0, 2.5),
        answer(1.0, 4.6),  # rounded
        answer(1.0, 9.0),
        answer(10.0, 30.0),
        answer(1000.0, 2500.0),
        entry("b.mp4", spans=[[2.0, 1.0]]),
        entry("b.mp4", QA=[{"q": "When?", "a": "In the kitchen."}]),
        entry("b.mp4", QA=[{"q": "When?", "a": "It never happens."}]),
        answer(1.0, 1.8, start=1.0, end=3.0),
        answer(3.2, 3.8, start=1.0, end=3.0),  # in the video, outside of the clip
        answer(0.5, 1.5, start=1.0, end=9.0),  # the clip extends beyond the video
        entry("b.mp4", task="step_localization", QA=[{"q": "Steps?", "a": "10.0 - 30.0 seconds, open the door."}]),
        entry("b.mp4", QA=[{"q": q, "a": "Yes."} for q in "ab"], spans=[[0.0, 1.0]]),
        answer(2.5, 1.0),
        answer(3.0, 3.0),
        entry("b.mp4", task="step_localization", QA=[{"q": "Steps?", "a": "3.0 - 3.0 seconds, open the door."}]),
        entry("b.mp4", spans=[[1.0, 2.0], [3.0, 3.0]]),
    ]
    path = write(tmp_path, entries)
    kinds = {
        1: "rounded", 2: "beyond_end", 3: "outside", 4: "other_unit", 5: "reversed", 6: "no_span", 9: "outside",
        10: "beyond_end", 11: "outside", 12: "unknown_question", 13: "reversed",
        14: "zero_length", 16: "zero_length",
    }  # fmt: skip
    used = {"reject": {0, 1, 7, 8, 15}, "clip": {0, 1, 2, 7, 8, 10, 15}, "keep": set(range(17))}
    for rule, expected in used.items():
        info = build_corpus(path, videos, tmp_path / rule, BuildSpec("t", on_bad_span=rule), quiet=True)
        _, source = open_corpus(tmp_path / rule)
        records = {(r := read_record(source, n)).id: r for n in range(len(info))}
        assert records.keys() == {f"t/{n}" for n in expected}, rule
        assert {r.id for r in info.quarantine} == {f"t/{n}" for n in range(17)} - records.keys()
        assert {bad.id: bad.kind for bad in info.bad_spans} == {f"t/{n}": kind for n, kind in kinds.items()}, rule
        actions = {bad.id: bad.action for bad in info.bad_spans}
        assert {id for id, action in actions.items() if action == "rejected"} == {r.id for r in info.quarantine}
        assert read_info(tmp_path / rule) == info
        problems = [finding.problem for finding in audit([tmp_path / rule], quiet=True).findings]
        if rule == "keep":
            assert records["t/2"].spans == ((1.0, 9.0),) and {"kept"} == set(actions.values())
            assert len(problems) == 9 and all("id t/" in problem for problem in problems)  # those of true spans
        else:
            assert records["t/1"].spans == ((1.0, 4.0),) and not problems
    assert records["t/9"].clip == (1.0, 3.0)
    _, source = open_corpus(tmp_path / "clip")
    clipped = {(r := read_record(source, n)).id: r for n in range(len(source))}
    assert clipped["t/2"].spans == ((1.0, 4.0),) and clipped["t/10"].clip == (1.0, 4.0)


def test_several_questions_of_a_record(videos, tmp_path):
    go, stop = ({"q": f"When {n}?", "a": f"From {n}.0 to {n}.5 seconds."} for n in (1, 2))
    entries = [
        entry("b.mp4", QA=[{"q": "What?", "a": "A door."}, go]),
        entry("b.mp4", QA=[go, stop]),
        entry("b.mp4", QA=[go, {**stop, "spans": [[0.5, 1], [3, 3.5]]}]),
        entry("b.mp4", QA=[go, stop], spans=[[2, 2.5], [1, 1.5]]),
        entry("b.mp4", QA=[{**go, "spans": []}, stop]),
        entry("b.mp4", QA=[{"q": "When?", "a": "From 1.0 seconds until the end of the video."}]),
    ]
    info = build_corpus(write(tmp_path, entries), videos, tmp_path / "out", BuildSpec("t"), quiet=True)
    _, source = open_corpus(tmp_path / "out")
    found = [[record.spans_of(turn) for turn in (0, 1)] for record in (read_record(source, n) for n in range(6))]
    one, two = ((1.0, 1.5),), ((2.0, 2.5),)
    assert found == [[(), one], [one, two], [one, ((0.5, 1.0), (3.0, 3.5))], [one, two], [(), two], [((1.0, 4.0),), ()]]
    assert not info.bad_spans
    entries.append(entry("b.mp4", QA=[go, {**stop, "spans": [[7, 8]]}]))
    info = build_corpus(write(tmp_path, entries), videos, tmp_path / "bad", BuildSpec("t"), quiet=True)
    assert [rejected.reason.split(" is ")[0] for rejected in info.quarantine] == ["question 1: true span 7 - 8 s"]


def test_records_of_one_video_decode_it_once(videos, tmp_path, monkeypatch):
    making = import_module("timesuite_jax.data.corpora.make_record")
    opened, plain = [], making.check_video
    monkeypatch.setattr(making, "check_video", lambda *args, **more: opened.append(1) or plain(*args, **more))
    entries = [entry("a.mp4"), entry("a.mp4"), entry("b.mp4"), entry("a.mp4")]
    info = build_corpus(write(tmp_path, entries), videos, tmp_path / "out", BuildSpec("t", shards=2), quiet=True)
    assert len(opened) == 2 and len(info) == 4
    size = sum((videos / name).stat().st_size for name in ("a.mp4", "b.mp4"))
    assert size < sum(info.bytes) < size + 4000


def test_a_missing_video_is_named_with_the_path_that_was_tried(videos, tmp_path):
    entries = [entry("a.mp4"), entry("deep/gone.mp4")]
    info = build_corpus(write(tmp_path, entries), videos, tmp_path / "out", BuildSpec("t"), quiet=True)
    assert info.quarantine[0].reason == f"does not exist: there is no {videos}/deep/gone.mp4"


def test_an_unknown_rule_is_an_error():
    with pytest.raises(UserError, match=r"--on-bad-span drop is unknown; choose one of reject, clip, keep"):
        BuildSpec("t", on_bad_span="drop")


def test_message_classes_are_imported_before_threads_start(videos, tmp_path, monkeypatch):
    """Their import replaces `__import__` temporarily, while other threads (such as the progress bar's) may import."""
    order = []
    building, auditing = (import_module(f"timesuite_jax.data.corpora.{name}") for name in ("build", "audit"))
    for module in (building, auditing):
        monkeypatch.setattr(module, "example_class", lambda: order.append("classes"))
        monkeypatch.setattr(module, "track", lambda items, *_, **__: order.append("bar") or items)
    build_corpus(write(tmp_path, [entry("a.mp4")]), videos, tmp_path / "out", BuildSpec("test"))
    audit([tmp_path / "out"])
    assert order == ["classes", "bar"] * 2
