"""An audit lists every damaged record and video."""

import json
from pathlib import Path

import pytest

from tests.support import encoded_videos
from tests.support.annotations import entry, write
from timesuite_jax.data.corpora import BuildSpec, audit, build_corpus
from timesuite_jax.data.corpora.annotation_set import read_annotation_set
from timesuite_jax.errors import UserError


def test_problems_are_listed_with_their_location(videos, tmp_path):
    spec = BuildSpec("test")
    build_corpus(write(tmp_path, [entry("a.mp4"), entry("b.mp4")]), videos, tmp_path / "out", spec, quiet=True)
    good = audit([tmp_path / "out", videos / "a.mp4"], quiet=True)
    assert good.ok and good.records == 2 and good.videos == 1
    mixed = audit([videos], quiet=True)
    assert mixed.videos == 5 and {Path(f.where).name for f in mixed.findings} == {"empty.mp4", "sound.mp4", "short.mp4"}
    shard = tmp_path / "out" / "test-00000-of-00001.tfrecord"
    data = bytearray(shard.read_bytes())
    data[len(data) // 4] ^= 255
    shard.write_bytes(data)
    problems = [finding.problem for finding in audit([tmp_path / "out"], quiet=True).findings]
    assert len(problems) == 2 and "another checksum" in problems[0] and "fails its checksum" in problems[1]
    json.dumps(mixed.as_json())
    assert not mixed.notes and not mixed.not_checked
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match="neither a corpus nor videos"):
        audit([empty], quiet=True)
    with pytest.raises(UserError, match=r"there is no .*nowhere; give"):
        audit([tmp_path / "nowhere"], quiet=True)


def test_every_kind_of_video_in_a_folder_is_checked_and_the_rest_is_listed(tmp_path):
    whole = {
        ".gif": encoded_videos.encode("gif", "gif"),
        ".wmv": encoded_videos.encode("wmv2", "asf"),
        ".mpg": encoded_videos.encode("mpeg2video", "mpeg"),
        ".3gp": encoded_videos.encode("h263", "3gp"),
        ".M2TS": encoded_videos.encode("libx264", "mpegts"),
        ".ogv": encoded_videos.encode("libvpx", "ogg"),
    }
    for suffix, data in whole.items():
        (tmp_path / f"whole{suffix}").write_bytes(data)
        (tmp_path / f"damaged{suffix}").write_bytes(data[:30])
    for name in ("notes.txt", "README", "folder/labels.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    report = audit([tmp_path], quiet=True)
    assert report.videos == 2 * len(whole)
    assert {Path(finding.where).name for finding in report.findings} == {f"damaged{suffix}" for suffix in whole}
    listed = {str(Path(file).relative_to(tmp_path)) for file in report.not_checked}
    assert listed == {"notes.txt", "README", "folder/labels.csv"}


def test_corpora_below_a_folder_are_checked_as_such(videos, tmp_path):
    annotations = write(tmp_path, [entry("a.mp4")])
    build_corpus(annotations, videos, tmp_path / "all" / "corpus", BuildSpec("test"), quiet=True)
    (tmp_path / "all" / "a.mp4").write_bytes((videos / "a.mp4").read_bytes())
    report = audit([tmp_path / "all"], quiet=True)
    assert report.ok and (report.records, report.videos, report.not_checked) == (1, 1, ())


def test_videos_whose_completeness_cannot_be_verified_are_counted(tmp_path):
    (tmp_path / "a.flv").write_bytes(encoded_videos.encode("libx264", "flv"))
    (tmp_path / "b.mp4").write_bytes(encoded_videos.encode("libx264", "mp4"))
    report = audit([tmp_path], quiet=True)
    assert report.ok and [Path(name).name for name in report.unverified] == ["a.flv"]


def test_an_unusual_clock_is_noted(tmp_path):
    (tmp_path / "late.mp4").write_bytes(encoded_videos.encode_with_sound("libx264", "aac", "mp4", delay=2))
    (tmp_path / "joined.ts").write_bytes(2 * encoded_videos.encode("libx264", "mpegts"))
    report = audit([tmp_path], quiet=True)
    assert report.ok and [Path(note.where).name for note in report.notes] == ["joined.ts", "late.mp4"]
    assert "2 recordings" in report.notes[0].note and "at 2.00 s" in report.notes[1].note


def test_a_folder_that_is_a_corpus_and_has_videos(videos, tmp_path):
    """As the folders of `timesuite data synthetic`: their videos are checked, and other files are listed."""
    annotations = write(tmp_path, [entry("a.mp4")])
    build_corpus(annotations, videos, tmp_path / "all", BuildSpec("test"), quiet=True)
    videos.rename(tmp_path / "all/videos")
    (tmp_path / "all/beside.mp4").write_bytes(b"")
    (tmp_path / "all/notes.txt").write_text("text")
    (tmp_path / "all/tfds/own.mp4").write_bytes(b"")
    report = audit([tmp_path / "all"], quiet=True)
    assert (report.records, report.videos) == (1, 7) and report.not_checked == (f"{tmp_path}/all/notes.txt",)
    bad = {"empty.mp4", "sound.mp4", "short.mp4", "beside.mp4", "own.mp4"}
    assert {Path(finding.where).name for finding in report.findings} == bad
    assert len(report.quarantine) == len(bad)


def test_messages_do_not_repeat_the_location(videos, tmp_path):
    annotations = write(tmp_path, [entry("a.mp4"), entry("b.mp4", spans=[[1.0, 9.0]]), entry("b.mp4")])
    build_corpus(annotations, videos, tmp_path / "out", BuildSpec("c", on_bad_span="keep", shards=2), quiet=True)
    first, second = (tmp_path / "out" / f"c-0000{n}-of-00002.tfrecord" for n in range(2))
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 255
    first.write_bytes(data)
    paths = [videos / name for name in ("empty.mp4", "sound.mp4", "short.mp4")]
    found = audit([*paths, tmp_path / "out"], quiet=True).findings
    assert {one.kind for one in found} >= {"empty", "no_video_stream", "truncated", "corrupt_record", "beyond_end"}
    second.unlink()
    found += audit([tmp_path / "out"], quiet=True).findings
    assert any(one.kind == "missing" and one.problem.startswith("there is no record file; build it") for one in found)
    for one in found:
        place = one.where.partition(": record ")[0]
        assert place not in one.problem and one.problem[0] not in ":,; ", one
    assert found[0].problem == "is empty (0 bytes); download it again or re-encode it"


@pytest.mark.parametrize(("count", "shown"), [(1, "(1 record)"), (2, "(2 records)")])
def test_a_bad_video_is_one_problem_with_the_number_of_its_records(videos, tmp_path, count, shown):
    given = read_annotation_set(write(tmp_path, [entry("empty.mp4")] * count), videos)
    (finding,) = audit([], annotations=given, videos=videos, quiet=True).findings
    assert finding.problem == f"is empty (0 bytes) {shown}"
