"""Records as `tf.train.Example`, and corpus folders."""

import json

import pytest

from tests.support.records import TURNS, record
from timesuite_jax.data.corpora import (
    CorpusWriter,
    Rejected,
    decode_record,
    encode_record,
    open_corpus,
    read_info,
)
from timesuite_jax.errors import UserError


@pytest.mark.parametrize(
    "one",
    [
        record(),
        record(clip=None, spans=(), turns=TURNS[1:]),
        record(video=None, frames=(b"jpeg0", b"jpeg1"), frame_times=(0.5, 1.7), clip=None),
        record(video=None, media_record=3, span_turns=(1, 0)),
        record(turns=(), spans=(), label=0),
        record(turns=(), spans=(), label=309, directional=True),
        record(turns=(), spans=()),
    ],
    ids=["video", "bare", "frames", "reference", "class 0", "directional", "unlabelled"],
)
def test_round_trip(one):
    data = encode_record(one)
    assert decode_record(data, "x.tfrecord") == one
    assert encode_record(decode_record(data, "x.tfrecord")) == data


def test_a_record_has_either_a_video_or_frames():
    with pytest.raises(ValueError, match="either a video or frames"):
        record(frames=(b"jpeg",), frame_times=(1.0,))
    with pytest.raises(ValueError, match="1 frames but 0 times"):
        record(video=None, frames=(b"jpeg",))
    with pytest.raises(ValueError, match="2 spans but 1 questions"):
        record(span_turns=(0,))
    with pytest.raises(ValueError, match="label -1; labels are numbered from 0"):
        record(label=-1)


def test_other_bytes_and_other_schemas_are_errors(monkeypatch):
    with pytest.raises(UserError, match=r"a.tfrecord: record 3 .* tf.train.Example"):
        decode_record(b"\xff\xff\xff", "a.tfrecord: record 3")
    with pytest.raises(UserError, match=r"schema none, .* reads \(1, 2, 3, 4\)"):
        decode_record(b"", "here")
    monkeypatch.setattr("timesuite_jax.data.corpora.record.SCHEMA_VERSION", 5)
    newer = encode_record(record())
    monkeypatch.setattr("timesuite_jax.data.corpora.record.SCHEMA_VERSION", 3)
    older = encode_record(record())
    monkeypatch.undo()
    assert decode_record(older, "here") == record(), "a record before labels"
    with pytest.raises(UserError, match=r"schema \[5\], .* reads \(1, 2, 3, 4\); build"):
        decode_record(newer, "here")


def test_corpus_folder(tmp_path):
    writer = CorpusWriter(tmp_path / "c", "c", classes=("abseiling", "yoga"))
    writer.reject(Rejected("c/9", "bad.mp4", "is empty (0 bytes)"))
    info = writer.write([[record(0), record(1)], [], [record(2)]])
    assert info == read_info(tmp_path / "c") and len(info) == 3
    assert info.shards[2] == "c-00002-of-00003.tfrecord" and info.records == (2, 0, 1)
    assert info.tasks == {"temporal_video_grounding": 3} and info.quarantine[0].reason == "is empty (0 bytes)"
    assert info.classes == ("abseiling", "yoga")
    _, source = open_corpus(tmp_path / "c")
    assert [decode_record(source[n], "").id for n in range(3)] == ["c/0", "c/1", "c/2"]
    with pytest.raises(UserError, match=r"already .* corpus; remove it"):
        CorpusWriter(tmp_path / "c", "c")


def test_damaged_corpus_folders_are_errors(tmp_path):
    with pytest.raises(UserError, match=r"dataset_info.json\); build one"):
        read_info(tmp_path)
    info_path = tmp_path / "dataset_info.json"
    info_path.write_text("{")
    with pytest.raises(UserError, match=r"is damaged .*; build"):
        read_info(tmp_path)
    info_path.unlink()
    CorpusWriter(tmp_path, "c").write([[record()]])
    fields = json.loads(info_path.read_text())
    info_path.write_text(json.dumps({**fields, "records": [2]}))
    with pytest.raises(UserError, match=r"1 record, .* dataset_info.json .* 2"):
        open_corpus(tmp_path)
    for wrong in ({"shards": 3}, {"records": [1, 1]}):
        info_path.write_text(json.dumps({**fields, **wrong}))
        with pytest.raises(UserError, match=r"is damaged .*; build"):
            read_info(tmp_path)
    info_path.write_text(json.dumps({**fields, "schema": 7}))
    with pytest.raises(UserError, match=r"schema 7, .* reads \(1, 2, 3, 4\)"):
        read_info(tmp_path)


def test_an_empty_corpus_is_an_error_with_the_reasons(tmp_path):
    writer = CorpusWriter(tmp_path, "c")
    writer.reject(Rejected("c/0", "bad.mp4", "does not exist"))
    with pytest.raises(UserError, match=r"empty: .* \(bad.mp4: does not exist\)"):
        writer.write([[]])
    assert not (tmp_path / "dataset_info.json").exists()
