"""Record files: round trips, random access, and errors that locate damage."""

import errno
import gzip
import pickle
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.data.corpora import CorruptRecordError, TFRecordSource, TFRecordWriter
from timesuite_jax.data.corpora.tfrecord import index_path, masked_crc
from timesuite_jax.errors import UserError


def write(path, payloads):
    with TFRecordWriter(path) as writer:
        for payload in payloads:
            writer.write(payload)
    return path


def test_format_is_tensorflows(tmp_path):
    # TensorFlow stores masked CRCs of the length, here 3, and of the payload b"abc".
    data = write(tmp_path / "a.tfrecord", [b"abc"]).read_bytes()
    assert data[:8] == struct.pack("<Q", 3) and data[12:15] == b"abc" and len(data) == 19
    # CRC32C of "123456789" is 0xE3069283 (RFC 3720); masked as TensorFlow's crc32c::Mask does.
    assert masked_crc(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF


@given(payloads=st.lists(st.binary(max_size=60), max_size=20))
def test_round_trip(payloads, tmp_path_factory):
    path = write(tmp_path_factory.mktemp("r") / "a.tfrecord", payloads)
    source = TFRecordSource([path])
    assert [source[n] for n in range(len(source))] == payloads


def test_several_shards_random_access_pickle_threads_and_rebuilt_index(tmp_path):
    payloads = [bytes([n]) * (n + 1) for n in range(30)]
    paths = [write(tmp_path / f"{k}.tfrecord", payloads[k * 10 : k * 10 + 10]) for k in range(3)]
    index_path(paths[1]).unlink()
    np.save(index_path(paths[2]), np.zeros((1, 2), np.int64))  # of another file: does not match, is ignored
    source = pickle.loads(pickle.dumps(TFRecordSource(paths)))
    order = np.random.default_rng(0).permutation(30)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(source.__getitem__, order)) == [payloads[n] for n in order]
    assert source.locate(10) == (1, 0) and source.locate(29) == (2, 9) and len(source) == 30
    for number in (-1, 30):
        with pytest.raises(IndexError):
            source[number]


@pytest.mark.parametrize(
    "damage",
    [
        lambda file, index: file.write_bytes(file.read_bytes()[:60]),
        lambda file, index: file.write_bytes(b""),
        lambda file, index: file.write_bytes(b"\x07" * 200),
        lambda file, index: file.write_bytes(b"PK\x03\x04" * 50),
        lambda file, index: file.write_bytes(file.read_bytes().replace(b"False", b"Fal(e")),
        lambda file, index: np.save(file, index.ravel()),
        lambda file, index: np.save(file, index - [[20, 0], [0, 0], [0, 0]]),
        lambda file, index: np.save(file, np.add(index, [[0, 0], [0, -1], [1, 0]])),
    ],
    ids=["truncated", "empty", "not an array", "not an archive", "header", "flat", "negative", "between records"],
)
def test_a_damaged_index_is_rebuilt(damage, tmp_path):
    payloads = [b"a" * 3, b"b" * 20, b"c" * 7]
    path = write(tmp_path / "a.tfrecord", payloads)
    damage(index_path(path), np.load(index_path(path)))
    source = TFRecordSource([path])
    assert [source[n] for n in range(len(source))] == payloads


def test_a_flipped_byte_is_located(tmp_path):
    path = write(tmp_path / "a.tfrecord", [b"x" * 50, b"y" * 50])
    data = bytearray(path.read_bytes())
    data[66 + 12 + 20] ^= 1
    path.write_bytes(data)
    source = TFRecordSource([path])
    assert source[0] == b"x" * 50
    with pytest.raises(CorruptRecordError, match=r"a.tfrecord: record 1 at byte 78 .*checksum"):
        source[1]


def test_a_truncated_file_is_located(tmp_path):
    path = write(tmp_path / "a.tfrecord", [b"x" * 50, b"y" * 50])
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(CorruptRecordError, match=r"record 1 at byte 66 .* truncated"):
        TFRecordSource([path])
    path.write_bytes(b"this is not a record file at all")
    with pytest.raises(CorruptRecordError, match="record 0 at byte 0"):
        TFRecordSource([path])


@pytest.mark.parametrize("name", ["a.tfrecord", "a.tfrecord.gz"])
def test_a_compressed_shard_is_named(name, tmp_path):
    path = write(tmp_path / "b.tfrecord", [b"x" * 50, b"y" * 50])
    content = path.read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content))
    with pytest.raises(UserError, match=r"is compressed with gzip; decompress it, e\.g\. `(.*)`") as caught:
        TFRecordSource([tmp_path / name])
    # The remedy works.
    command = str(caught.value).partition("`")[2].rpartition("`")[0]
    subprocess.run(command, shell=True, check=True)
    assert Path(command.rpartition("> ")[2]).read_bytes() == content
    (tmp_path / "pointer.tfrecord").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(UserError, match="a Git LFS pointer"):
        TFRecordSource([tmp_path / "pointer.tfrecord"])


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"no record file .*a.tfrecord; build"):
        TFRecordSource([tmp_path / "a.tfrecord"])


def test_an_exception_leaves_no_partial_file(tmp_path):
    with pytest.raises(RuntimeError, match="stop"), TFRecordWriter(tmp_path / "a.tfrecord") as writer:
        writer.write(b"abc")
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write to .*file/a.tfrecord: file exists .*; move it or choose"):
        TFRecordWriter(tmp_path / "file" / "a.tfrecord")


def test_a_full_disk_is_an_error(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with (
        pytest.raises(UserError, match=r"cannot write to .*a.tfrecord: no space left; free"),
        TFRecordWriter(tmp_path / "a.tfrecord") as writer,
    ):
        writer.write(b"abc")
    assert list(tmp_path.iterdir()) == []
