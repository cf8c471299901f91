"""Corrupted shards, indices and records: found and named, never decoded into another record."""

import dataclasses
import io
import shutil
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from timesuite_jax.data.corpora import (
    CorpusWriter,
    CorruptRecordError,
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
from timesuite_jax.data.corpora.tfrecord import index_path, masked_crc
from timesuite_jax.errors import UserError
from timesuite_jax.text import Turn

RECORDS = [
    Record(
        id=f"c/{number}",
        corpus="c",
        task="temporal_video_grounding",
        turns=(Turn(f"When {number}?", f"From {number}.2 to {number}.8 seconds."),),
        duration=9.0,
        video=bytes([number]) * (300 + number) if number != 2 else None,
        spans=((number + 0.2, number + 0.8),),
        span_turns=(0,),
        source="a.mp4",
        media_record=0 if number == 2 else None,
    )
    for number in range(4)
]
PAYLOADS = [encode_record(record, number) for number, record in enumerate(RECORDS)]

changes = st.one_of(
    st.tuples(st.just("flip"), st.integers(0, 10**6), st.integers(1, 255)),
    st.tuples(st.just("truncate"), st.integers(0, 10**6), st.just(0)),
    st.tuples(st.just("insert"), st.integers(0, 10**6), st.integers(0, 255)),
    st.tuples(st.just("delete"), st.integers(0, 10**6), st.integers(1, 40)),
    st.tuples(st.just("swap"), st.integers(0, 10**6), st.integers(1, 400)),
    st.tuples(st.just("length"), st.integers(0, 3), st.integers(0, 2**64 - 1)),
)


def damaged(data: bytes, change: tuple[str, int, int]) -> bytes:
    """Applies a change to the bytes of a shard; "length" writes a wrong length with a matching checksum."""
    kind, place, value = change
    if kind == "length":
        start = sum(len(payload) + 16 for payload in PAYLOADS[:place])
        length = struct.pack("<Q", value)
        return data[:start] + length + struct.pack("<I", masked_crc(length)) + data[start + 12 :]
    place %= len(data)
    out = bytearray(data)
    if kind == "flip":
        out[place] ^= value
    elif kind == "truncate":
        del out[place:]
    elif kind == "insert":
        out.insert(place, value)
    elif kind == "delete":
        del out[place : place + value]
    else:
        out[place : place + value], out[:value] = out[:value], out[place : place + value]
    return bytes(out)


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    path = tmp_path_factory.mktemp("shard") / "c.tfrecord"
    with TFRecordWriter(path) as writer:
        for payload in PAYLOADS:
            writer.write(payload)
    return path, path.read_bytes(), index_path(path).read_bytes()


def check(path) -> int:
    """Reads all records in both ways; each is as it was written, or an error that names the file."""
    try:
        source = TFRecordSource([path])
    except UserError as error:
        assert str(path) in str(error)
        return 0
    found = 0
    for number in range(len(source)):
        for read in (read_record, read_without_media):
            try:
                record = read(source, number)
            except UserError as error:
                assert "c.tfrecord" in str(error)
            else:
                whole = dataclasses.replace(RECORDS[int(record.id[2:])], video=None, media_record=0)
                assert dataclasses.replace(record, video=None, media_record=0) == whole
                assert record.video is None or record.video == (RECORDS[int(record.id[2:])].video or RECORDS[0].video)
                found += 1
    return found


def fuzz_shard(shard, change, keep_index):
    path, data, index = shard
    path.write_bytes(damaged(data, change))
    if keep_index:
        index_path(path).write_bytes(index)
    else:
        index_path(path).unlink(missing_ok=True)
    check(path)


fuzzed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@given(changes, st.booleans())
@settings(fuzzed, max_examples=400)
def test_damaged_shards(shard, change, keep_index):
    fuzz_shard(shard, change, keep_index)


@pytest.mark.nightly
@pytest.mark.timeout(0)
@given(changes, st.booleans())
@settings(fuzzed, max_examples=100_000)
def test_many_damaged_shards(shard, change, keep_index):
    fuzz_shard(shard, change, keep_index)


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1)), max_size=6), st.binary())
@settings(fuzzed, max_examples=80)
def test_arbitrary_indices(shard, rows, junk):
    path, data, _ = shard
    path.write_bytes(data)
    out = io.BytesIO()
    np.save(out, np.asarray(rows, np.int64).reshape(-1, 2))
    for content in (out.getvalue() + junk, junk, out.getvalue()[:-1]):
        index_path(path).write_bytes(content)
        assert check(path) == 2 * len(RECORDS)


def test_an_index_that_claims_a_terabyte_is_rebuilt(shard):
    path, data, _ = shard
    path.write_bytes(data)
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<i8", "fortran_order": False, "shape": (2**36, 2)})
    index_path(path).write_bytes(out.getvalue())
    assert check(path) == 2 * len(RECORDS)


def test_a_stale_index_of_the_same_size_is_named(tmp_path):
    """Of an earlier build, whose records have other sizes, but together the same."""
    path = tmp_path / "c.tfrecord"
    for sizes in ((30, 50, 40), (50, 30, 40)):
        stale = index_path(path).read_bytes() if path.exists() else b""
        with TFRecordWriter(path) as writer:
            for size in sizes:
                writer.write(b"x" * size)
    index_path(path).write_bytes(stale)
    source = TFRecordSource([path])
    with pytest.raises(CorruptRecordError, match=r"because that index is of another file; delete the index"):
        source[0]
    assert source[2] == b"x" * 40
    index_path(path).unlink()  # the remedy
    assert [len(TFRecordSource([path])[n]) for n in range(3)] == [50, 30, 40]


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(fuzzed, max_examples=300)
def test_a_flipped_byte_of_annotations_is_found_without_reading_the_media(tmp_path_factory, place, value):
    """The checksum of a TFRecord covers the media, too, which are not read."""
    payload = bytearray(PAYLOADS[1])
    payload[place % len(payload)] ^= value
    path = tmp_path_factory.mktemp("flip") / "c.tfrecord"
    with TFRecordWriter(path) as writer:
        writer.write(bytes(payload))
    try:
        found = read_without_media(TFRecordSource([path]), 0)
    except UserError as error:
        assert "c.tfrecord: record 0" in str(error)
    else:
        assert found == dataclasses.replace(RECORDS[1], video=None, media_record=0)


names = st.sampled_from(
    ["schema", "id", "corpus", "task", "video", "frames", "frame_times", "duration", "clip_start", "clip_end", "turns",
     "spans", "span_turns", "source", "source_checksum", "media_back", "media_record", "instruction"]
)  # fmt: skip
values = st.one_of(
    st.tuples(st.just("int64_list"), st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3)),
    st.tuples(st.just("float_list"), st.lists(st.floats(width=32), max_size=3)),
    st.tuples(st.just("bytes_list"), st.lists(st.binary(max_size=8), max_size=3)),
)


@given(st.dictionaries(names, values, max_size=6))
@settings(fuzzed, max_examples=300)
def test_examples_that_are_no_records(features):
    """Whole `tf.train.Example`s, of another program or a forged one, with features that do not match."""
    example = example_class().FromString(PAYLOADS[0])
    for name, (kind, content) in features.items():
        example.features.feature[name].Clear()
        getattr(example.features.feature[name], kind).value.extend(content)
    try:
        decode_record(example.SerializeToString(), "here")
    except UserError as error:
        assert str(error).startswith("here")


@pytest.fixture
def corpus(tmp_path):
    CorpusWriter(tmp_path / "c", "c").write([RECORDS[:3], RECORDS[3:]])
    return tmp_path / "c"


def test_a_missing_shard_is_named(corpus):
    (corpus / "c-00001-of-00002.tfrecord").unlink()
    with pytest.raises(UserError, match=r"no record file .*c-00001-of-00002.tfrecord; build it"):
        open_corpus(corpus)
    report = audit([corpus], quiet=True)
    assert any(one.kind == "missing" and one.where.endswith("c-00001-of-00002.tfrecord") for one in report.findings)


def test_a_shard_of_another_corpus_is_named(corpus, tmp_path):
    CorpusWriter(tmp_path / "d", "c").write([[RECORDS[1]], [RECORDS[1]]])
    shutil.copy(tmp_path / "d/c-00000-of-00002.tfrecord", corpus / "c-00001-of-00002.tfrecord")
    with pytest.raises(
        UserError, match=r"c-00001-of-00002.tfrecord holds 1 record in \d+ bytes, but dataset_info.json"
    ):
        open_corpus(corpus)


def test_a_replaced_shard_of_the_same_size_is_found_by_its_checksum(corpus):
    path = corpus / "c-00001-of-00002.tfrecord"
    with TFRecordWriter(path) as writer:
        writer.write(encode_record(dataclasses.replace(RECORDS[3], source="b.mp4")))
    open_corpus(corpus)  # reads no records
    found = [one for one in audit([corpus], quiet=True).findings if one.kind == "checksum"]
    assert [one.where for one in found] == [str(path)]
