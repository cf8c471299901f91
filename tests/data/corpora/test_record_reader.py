"""Records whose media another record stores, and records without media."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.data.corpora import (
    CorpusShare,
    CorpusWriter,
    Mixture,
    Record,
    TFRecordSource,
    TFRecordWriter,
    audit,
    decode_record,
    encode_record,
    open_corpus,
    read_record,
    read_without_media,
)
from timesuite_jax.data.corpora.record import example_class
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn

TURNS = (Turn("When?", "From 1.2 to 3.4 seconds.", "Look."), Turn("Who?", "A man."))


def record(number: int, **changes) -> Record:
    fields = {
        "id": f"c/{number}",
        "corpus": "c",
        "task": "temporal_video_grounding",
        "turns": TURNS,
        "duration": 9.0,
        "video": b"mp4" * 10_000,
        "spans": ((1.2, 3.4),),
        "span_turns": (0,),
        "source": "a.mp4",
    }
    return Record(**{**fields, **changes})


def test_a_video_is_stored_once_in_the_corpus(tmp_path):
    other = record(2, video=b"avi" * 10_000, source="b.mp4")
    records = [record(0), record(1, clip=(1.0, 5.0)), other, record(3)]
    info = CorpusWriter(tmp_path / "c", "c").write([records[:1], records[1:]])  # also across shards
    assert sum(info.bytes) < 2.2 * 30_000 and info.seconds == 18.0
    _, source = open_corpus(tmp_path / "c")
    assert [decode_record(source[n], "", number=n).media_record for n in range(4)] == [None, 0, None, 0]
    assert [read_record(source, n) for n in range(4)] == records
    assert Mixture([CorpusShare(str(tmp_path / "c"))]).read(3) == records[3]


def test_stored_frames_are_stored_once(tmp_path):
    frames = {"video": None, "frames": (b"jpeg" * 9, b"jpeg2"), "frame_times": (0.5, 1.5)}
    records = [record(0, **frames), record(1, **frames), record(2, **{**frames, "frame_times": (0.25, 0.75)})]
    CorpusWriter(tmp_path / "c", "c").write([records])
    _, source = open_corpus(tmp_path / "c")
    assert [decode_record(source[n], "", number=n).media_record for n in range(3)] == [None, 0, None]
    assert [read_record(source, n) for n in range(3)] == records


@pytest.mark.parametrize("changes", [{}, {"video": None, "frames": (b"x" * 70_000, b"y"), "frame_times": (0.5, 1.5)}])
def test_annotations_are_read_without_the_media(tmp_path, monkeypatch, changes):
    stored = record(0, clip=(0.5, 8.0), **changes)
    CorpusWriter(tmp_path / "c", "c").write([[stored]])
    _, source = open_corpus(tmp_path / "c")
    sizes = []
    plain = TFRecordSource.read_part
    monkeypatch.setattr(TFRecordSource, "read_part", lambda *args: sizes.append(args[-1]) or plain(*args))
    known = read_without_media(source, 0)
    assert known == dataclasses.replace(stored, video=None, frames=(), frame_times=(), media_record=0)
    assert sum(sizes) < 20_000 and known.spans_of(0) == ((1.2, 3.4),) and known.spans_of(1) == ()


@given(st.binary(max_size=60), st.integers(0, 400))
def test_damaged_bytes_are_errors(tmp_path_factory, junk, place):
    data = bytearray(encode_record(record(0, video=b"mp4")))
    place = min(place, len(data))
    data[place : place + len(junk)] = junk
    path = tmp_path_factory.mktemp("damaged") / "c.tfrecord"
    with TFRecordWriter(path) as writer:
        writer.write(bytes(data))
    try:
        found = read_without_media(TFRecordSource([path]), 0)
    except UserError as error:
        assert "c.tfrecord: record 0" in str(error)
    else:
        assert isinstance(found, Record)


def test_references_to_nothing_are_errors(tmp_path):
    CorpusWriter(tmp_path / "c", "c").write([[record(0, video=None, media_record=7), record(1)]])
    _, source = open_corpus(tmp_path / "c")
    with pytest.raises(UserError, match=r"refers to the video of record 7, and the corpus has 2 records"):
        read_record(source, 0)
    assert any("record 7" in finding.problem for finding in audit([tmp_path / "c"], quiet=True).findings)


def with_schema(data: bytes, schema: int) -> bytes:
    current = b"schema\x12\x05\x1a\x03\n\x01\x04"
    assert current in data
    return data.replace(current, current[:-1] + bytes([schema]))


def test_records_of_schema_1_are_read():
    """They have no `span_turns`: answers show which question a span belongs to."""
    old = record(0, span_turns=())
    assert old.spans_of(0) == ((1.2, 3.4),) and old.spans_of(1) == ()
    assert decode_record(with_schema(encode_record(old), 1), "") == old


def test_records_of_schema_2_are_read(tmp_path):
    """They have the number of the record with the media, not its distance, and no checksum of the annotations."""
    example = example_class()
    stored, other = (example.FromString(encode_record(record(n))) for n in range(2))
    for one in (stored, other):
        one.features.feature["schema"].int64_list.value[:] = [2]
        del one.features.feature["annotation_checksum"]
    del other.features.feature["video"]
    other.features.feature["media_record"].int64_list.value[:] = [0]
    with TFRecordWriter(tmp_path / "c.tfrecord") as writer:
        for one in (stored, other):
            writer.write(one.SerializeToString(deterministic=True))
    source = TFRecordSource([tmp_path / "c.tfrecord"])
    assert [read_record(source, n) for n in range(2)] == [record(0), record(1)]
    assert [read_without_media(source, n).media_record for n in range(2)] == [0, 0]
