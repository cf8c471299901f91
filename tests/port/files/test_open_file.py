"""Files of weights are recognized by their content; others are named for what they are."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import numpy as np
import pytest

from tests.support import malicious_checkpoints as forged
from tests.support import tiny_checkpoint as tiny
from timesuite_jax.errors import UserError
from timesuite_jax.port import open_files
from timesuite_jax.port.files.open_file import open_file
from timesuite_jax.storage.foreign_files import SIGNATURES


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".bin", ".ckpt", ""])
def test_the_suffix_does_not_matter(tmp_path, suffix):
    array = np.arange(3, dtype=np.float32)
    path = tiny.save(tmp_path / f"a{suffix}", {"w": array})
    assert np.array_equal(open_file(path).read("w"), array)
    path, arrays = forged.valid(tmp_path / f"b{suffix}")
    assert list(open_file(path).infos) == list(arrays)


def packed(name: str) -> bytes:
    """Weights in a compressed file or an archive."""
    content, buffer = b"x" * 100, io.BytesIO()
    if name == "tar":
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            info = tarfile.TarInfo("x.pth")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        return buffer.getvalue()
    return {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}[name](content)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".pth.gz"])
@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "tar"])
def test_packed_files_are_named_with_the_remedy(tmp_path, name, suffix):
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(packed(name))
    with pytest.raises(UserError, match=rf"{name}.*; (decompress|extract) it.*`.*weights") as caught:
        open_file(path)
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda signature: signature.kind)
def test_every_signature_is_recognized(tmp_path, signature):
    path = tmp_path / "x.pth"
    path.write_bytes(b"\0" * signature.offset + signature.magic + b" and more" * 100)
    with pytest.raises(UserError) as caught:
        open_file(path)
    assert signature.kind in str(caught.value) and "{" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<!DOCTYPE html><html>", "a web page"),
        ("\n <HTML lang=en>", "a web page"),
        ("<?xml version='1.0'?><Error><Code>AccessDenied</Code>", "an XML document"),
        ("Entry not found", "the error of a download"),
        ("Access to model mistralai/Mistral-7B is restricted", "the error of a download"),
        ('{"error": "gone"}', "is JSON, not weights"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer.*git lfs pull"),
    ],
)
@pytest.mark.parametrize("name", ["x.pth", "x.safetensors"])
def test_texts_are_named(tmp_path, text, kind, name):
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match=f"{kind}"):
        open_file(tmp_path / name)


def test_archives_of_other_programs_are_named(tmp_path):
    np.savez(tmp_path / "x.npz", a=np.ones(2))
    with pytest.raises(UserError, match="is a NumPy archive"):
        open_file(tmp_path / "x.npz")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("x.pth", b"")
    with pytest.raises(UserError, match="extracted if it is in the archive"):
        open_file(tmp_path / "x.zip")


def test_a_header_that_looks_like_gzip(tmp_path):
    """The first bytes of a safetensors file are the length of its header, which may be those of another format."""
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    header += b" " * (0x8B1F - len(header))
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + np.float32(3).tobytes())
    assert path.read_bytes()[:2] == b"\x1f\x8b"
    assert open_file(path).read("w") == 3


def test_a_compressed_shard_is_named(tmp_path):
    folder = tiny.save_folder(tmp_path / "model", {"a": np.ones(2), "b": np.ones(3)})
    shard = folder / "model-00002-of-00002.safetensors"
    shard.with_suffix(".safetensors.gz").write_bytes(gzip.compress(shard.read_bytes()))
    shard.unlink()
    with pytest.raises(UserError, match=r"does not exist; decompress model-00002-of-00002\.safetensors\.gz"):
        open_files(folder)
