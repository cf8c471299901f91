"""What the bytes of a corpus depend on: videos, annotations and settings; not workers, other videos, interruptions."""

import functools
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.support import sample_videos
from tests.support.annotations import entry, write
from tests.support.faulty_decoder import FaultyBuilder
from tests.support.killed_build import kill_at_the_end
from tests.support.paths import ROOT
from timesuite_jax.cli.main import main
from timesuite_jax.data.corpora import (
    BuildSpec,
    CorpusInfo,
    TFRecordSource,
    audit,
    build_corpus,
    open_corpus,
    read_record,
)
from timesuite_jax.data.corpora.annotation_set import read_annotation_set
from timesuite_jax.data.corpora.build_plan import count_videos
from timesuite_jax.data.corpora.build_video import group_by_video
from timesuite_jax.data.corpora.quarantine import QuarantinedVideo
from timesuite_jax.data.corpora.record import SCHEMA_VERSION
from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import to_path

build = functools.partial(build_corpus, quiet=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve videos, v0.mp4 to v11.mp4, of different lengths."""
    folder = tmp_path_factory.mktemp("videos")
    for n in range(12):
        (folder / f"v{n}.mp4").write_bytes(sample_videos.numbered_video(36 + n))
    return folder


def entries(count: int = 12) -> list[dict]:
    """Two questions about each video, the second after those about all others, on a clip of every third."""
    second = [entry(f"v{n}.mp4", **({"start": 0.0, "end": 2.6} if n % 3 == 0 else {})) for n in range(count)]
    return [entry(f"v{n}.mp4") for n in range(count)] + second


def shards(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.tfrecord"))}


def payloads(folder) -> dict[str, bytes]:
    """The bytes of each record by its id."""
    _, source = open_corpus(folder)
    assert isinstance(source, TFRecordSource)
    return {read_record(source, n).id: source[n] for n in range(len(source))}


@pytest.mark.parametrize("storage", [{}, {"frames": 4, "frame_side": 24}], ids=["video", "frames"])
def test_neither_workers_nor_shards_change_a_record(folder, tmp_path, storage):
    annotations = write(tmp_path, entries())
    one = build(annotations, folder, tmp_path / "one", BuildSpec("c", shards=3, **storage))
    two = build(annotations, folder, tmp_path / "two", BuildSpec("c", shards=3, **storage), workers=2)
    assert one == two and shards(tmp_path / "one") == shards(tmp_path / "two")
    build(annotations, folder, tmp_path / "three", BuildSpec("c", shards=5, **storage), workers=2)
    assert payloads(tmp_path / "three") == payloads(tmp_path / "one") and len(payloads(tmp_path / "one")) == 24


def test_shards_of_a_size(folder, tmp_path):
    size = sum(path.stat().st_size for path in folder.glob("*.mp4"))
    info = build(write(tmp_path, entries()), folder, tmp_path / "out", BuildSpec("c", shard_mb=size / 3.5e6))
    assert 4 <= len(info.shards) <= 5 and max(info.bytes) < size / 3.5 + 24 * 1000 and len(info) == 24
    with pytest.raises(UserError, match=r"--shards 4 and --shard-size 1 exclude each other"):
        BuildSpec("c", shards=4, shard_mb=1)


def test_shards_of_a_size_with_frames_at_a_rate(tmp_path):
    """Of 100 videos of 10 s, 2 frames a second at the default size take 100 * 20 * 23 kB."""
    (tmp_path / "a.mp4").write_bytes(sample_videos.numbered_video(120))
    for n in range(100):
        (tmp_path / f"v{n}.mp4").hardlink_to(tmp_path / "a.mp4")
    groups = group_by_video(read_annotation_set(write(tmp_path, entries(100)), tmp_path).annotations)
    spec = BuildSpec("c", fps=2.0, shard_mb=5.0)
    counts = count_videos(groups, to_path(tmp_path), spec)
    frames = [20 if n % 3 else 20 + round(2.6 * 2) for n in range(100)]  # of the clip, too
    size = 256**2 * 16 / 9 * 0.2 / 1e6
    assert sum(counts) == 100 and (tmp_path / "a.mp4").stat().st_size < 20_000  # all files fit into one shard
    first = 0
    for count in counts:
        held = frames[first : first + count]
        assert sum(held) * size <= 5.0
        first += count
        assert first == 100 or (sum(held) + frames[first]) * size > 5.0  # no other video fits


def test_broken_videos_change_no_other_record(folder, tmp_path, monkeypatch):
    """Broken files, a decoder that hangs, and one that crashes."""
    monkeypatch.setattr("timesuite_jax.data.corpora.build.VideoBuilder", FaultyBuilder)
    good = entries()
    build(write(tmp_path, good), folder, tmp_path / "good", BuildSpec("c", shards=2))
    for name, data in {"empty.mp4": b"", "text.mp4": b"not a video" * 99, "hang.mp4": b"x", "crash.mp4": b"x"}.items():
        (folder / name).write_bytes(data)
    kinds = {"empty.mp4": "empty", "text.mp4": "not_a_video", "gone.mp4": "missing", "hang.mp4": "deadline",
             "crash.mp4": "crash"}  # fmt: skip
    mixed = good + [entry(name) for name in kinds]
    spec = BuildSpec("c", shards=2, deadline_s=1.0)
    info = build(write(tmp_path, mixed), folder, tmp_path / "mixed", spec, workers=2)
    assert {one.source: one.kind for one in info.quarantine} == kinds
    assert payloads(tmp_path / "mixed") == payloads(tmp_path / "good")
    (counts,) = info.counts
    assert counts["records"] == 24 and counts["rejected"] == dict.fromkeys(sorted(kinds.values()), 1)


def test_quarantined_videos_are_rejected_unseen(folder, tmp_path):
    listed = [QuarantinedVideo(str(folder / "v3.mp4"), "damaged", "has a damaged frame")]
    annotations = write(tmp_path, entries())
    info = build(annotations, folder, tmp_path / "out", BuildSpec("c"), quarantine=listed)
    assert [(one.id, one.kind) for one in info.quarantine] == [("c/3", "damaged"), ("c/15", "damaged")]
    assert info.quarantine[0].reason == "is quarantined: has a damaged frame"
    build(annotations, folder, tmp_path / "all", BuildSpec("c"))
    complete = payloads(tmp_path / "all")
    assert payloads(tmp_path / "out") == {id: complete[id] for id in complete if id not in ("c/3", "c/15")}
    other = [QuarantinedVideo("/elsewhere/v3.mp4", "damaged", "has a damaged frame")]
    with pytest.raises(UserError, match=r"no video in .*but in other folders, such as /elsewhere/v3.mp4; write one"):
        build(annotations, folder, tmp_path / "no", BuildSpec("c"), quarantine=other)


def start_build(folder, out, annotations) -> subprocess.Popen:
    words = ["data", "build", "--annotations", annotations, "--videos", folder, "--out", out, "--corpus", "c",
             "--shards", "12", "--workers", "2"]  # fmt: skip
    command = [sys.executable, "-m", "timesuite_jax.cli.main", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_a_killed_build_continues_after_its_complete_shards(folder, tmp_path):
    annotations = write(tmp_path, entries())
    spec = BuildSpec("c", shards=12)
    expected = build(annotations, folder, tmp_path / "whole", spec)
    out = tmp_path / "out"
    process = start_build(folder, out, annotations)
    while len(list(out.glob("unfinished/*.tfrecord.json"))) < 4 and process.poll() is None:
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    complete = {path.name: path.stat().st_mtime_ns for path in out.glob("*.tfrecord")}
    assert process.returncode == -signal.SIGKILL and 4 <= len(complete) < 12
    (out / ".c-00011-of-00012.tfrecord.0123456789ab.partial").write_bytes(b"of the killed build")
    last = sorted(complete)[-1]
    noted = (out / f"unfinished/{last}.json").exists()  # else it was killed between the shard and the note
    with pytest.raises(UserError, match=r"unfinished build with other settings \(frames None -> 4\); repeat"):
        build(annotations, folder, out, BuildSpec("c", shards=12, frames=4))
    damaged = sorted(complete)[0]
    (out / damaged).write_bytes(b"damaged since")
    info = build(annotations, folder, out, spec)
    assert info == expected and shards(out) == shards(tmp_path / "whole")
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in (tmp_path / "whole").iterdir())
    rebuilt = {name for name, time in complete.items() if (out / name).stat().st_mtime_ns != time}
    assert rebuilt == {damaged} | (set() if noted else {last})
    with pytest.raises(UserError, match="already holds a corpus"):
        build(annotations, folder, out, spec)


@pytest.mark.parametrize("removed", ["", "build.json"], ids=["before", "amid"])
def test_a_build_killed_before_its_state_is_removed_is_finished_by_a_repeat(folder, tmp_path, capsys, removed):
    annotations, out = write(tmp_path, entries(2)), tmp_path / "out"
    words = ["data", "build", "--annotations", annotations, "--videos", folder, "--out", out, "--corpus", "c"]
    words = [*map(str, words), "--shards", "2"]
    kill_at_the_end(words, out, removed)
    times = {path.name: path.stat().st_mtime_ns for path in out.iterdir() if path.is_file()}
    assert main([*words, "--frames", "2"]) == 2
    assert "already holds a corpus" in capsys.readouterr().err
    assert main(words) == 0
    assert not (out / "unfinished").exists()
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir() if path.is_file()} == times
    assert main(words) == 2


def test_an_interrupted_build_names_every_changed_setting(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("timesuite_jax.data.corpora.build.write_info", lambda *_, **__: 1 / 0)
    annotations = write(tmp_path, entries(2))
    with pytest.raises(ZeroDivisionError):
        build(annotations, folder, tmp_path / "out", BuildSpec("c"))
    monkeypatch.undo()
    for use in (open_corpus, lambda out: audit([out], quiet=True)):
        with pytest.raises(UserError, match=r"has an unfinished build; repeat its `timesuite data build`"):
            use(tmp_path / "out")
    changed = write(tmp_path, entries(3))
    with pytest.raises(UserError, match=r"other settings \(shards 1 -> 2, annotations '\w+' -> '\w+'\)"):
        build(changed, folder, tmp_path / "out", BuildSpec("c", shards=2))
    state = tmp_path / "out/unfinished/build.json"
    state.write_text("[")
    with pytest.raises(UserError, match=r"build.json is damaged .*; remove the folder"):
        build(changed, folder, tmp_path / "out", BuildSpec("c"))


def test_a_corpus_without_records_leaves_nothing(folder, tmp_path):
    with pytest.raises(UserError, match="would be empty"):
        build(write(tmp_path, [entry("gone.mp4")]), folder, tmp_path / "out", BuildSpec("c"))
    info = build(write(tmp_path, [entry("v0.mp4")]), folder, tmp_path / "out", BuildSpec("c", frames=2))
    assert isinstance(info, CorpusInfo) and len(info) == 1


def test_the_manifest_describes_the_build(folder, tmp_path):
    tasks = [entry("v0.mp4"), entry("v1.mp4", task="caption"), entry("v2.mp4", spans=[[7, 5]]), entry("gone.mp4")]
    build(write(tmp_path, tasks), folder, tmp_path / "out", BuildSpec("c", fps=2.0))
    manifest = json.loads((tmp_path / "out/dataset_info.json").read_text())
    grounding = "temporal_video_grounding"
    assert manifest["counts"] == [
        {"source": "annotations", "task": "caption", "records": 1, "rejected": {}},
        {"source": "annotations", "task": grounding, "records": 1, "rejected": {"missing": 1, "reversed": 1}},
    ]
    assert (
        manifest["schema"] == SCHEMA_VERSION and manifest["settings"]["fps"] == 2.0 and len(manifest["checksums"]) == 1
    )
