"""Recognizes files that are not what a reader expects: pointers, compressed files, web pages, files of other programs.

A reader that meets one reports what it is and what to do, instead of calling it damaged.
"""

import shlex
from pathlib import Path
from typing import NamedTuple

from etils import epath

from timesuite_jax.errors import UserError

HEAD_BYTES = 512  # enough for every signature
_CONVERT = "save its tensors as .safetensors in the program that wrote it"
_DOWNLOAD = "download the file itself, after logging in or accepting its license if that is necessary"


class Signature(NamedTuple):
    """Bytes by which a kind of file is recognized; `{path}` in the remedy is the file."""

    offset: int
    magic: bytes
    kind: str
    remedy: str


def _decompress(program: str) -> str:
    return f"decompress it, e.g. `{program} -dc {{path}} > {{stem}}`"


SIGNATURES = (
    Signature(
        0,
        b"version https://git-lfs.github.com/spec/",
        "a Git LFS pointer, not the file itself",
        "run `git lfs install` and `git lfs pull` in its folder, or download the file itself",
    ),
    Signature(0, b"\x1f\x8b", "compressed with gzip", _decompress("gzip")),
    Signature(0, b"BZh", "compressed with bzip2", _decompress("bzip2")),
    Signature(0, b"\xfd7zXZ\x00", "compressed with xz", _decompress("xz")),
    Signature(0, b"\x28\xb5\x2f\xfd", "compressed with zstd", _decompress("zstd")),
    Signature(0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", "extract it, e.g. `7z x {path}`"),
    Signature(0, b"Rar!", "a RAR archive", "extract it, e.g. `unrar x {path}`"),
    Signature(257, b"ustar", "a tar archive", "extract it: `tar -xf {path}`"),
    Signature(0, b"GGUF", "a GGUF file of llama.cpp", "give the original weights, .safetensors or .pth"),
    Signature(0, b"\x89HDF\r\n\x1a\n", "an HDF5 file, e.g. of Keras", _CONVERT),
    Signature(0, b"\x93NUMPY", "a NumPy array", _CONVERT),
    Signature(4, b"TFL3", "a TensorFlow Lite model", "give the original weights, .safetensors or .pth"),
    Signature(4, b"ftyp", "a video (MP4 or MOV)", "give the path of another file"),
    Signature(0, b"\x1aE\xdf\xa3", "a video (Matroska or WebM)", "give the path of another file"),
    Signature(0, b"%PDF", "a PDF document", "give the path of another file"),
    Signature(0, b"PAR1", "a Parquet file", "give the path of another file"),
)
_TEXTS = (  # first letters of a text in lower case, without white space before them
    ("<!doctype html", "a web page, e.g. of an error or a login"),
    ("<html", "a web page, e.g. of an error or a login"),
    ("<?xml", "an XML document, e.g. the error of a storage service"),
    ("entry not found", "the error of a download"),
    ("access to model", "the error of a download"),
    ("invalid username or password", "the error of a download"),
)


def describe(head: bytes) -> tuple[str, str] | None:
    """The kind of a file and a remedy with the placeholders {path} and {stem}; None if it is not recognized.

    Args:
      head: first `HEAD_BYTES` bytes of the file.
    """
    for signature in SIGNATURES:
        if head[signature.offset :].startswith(signature.magic):
            return signature.kind, signature.remedy
    text = head.lstrip().decode("ascii", errors="ignore").lower()
    return next(((kind, _DOWNLOAD) for start, kind in _TEXTS if text.startswith(start)), None)


def refuse_foreign(path: epath.Path | Path) -> None:
    """Checks that a file is not of a kind that no reader of this package expects.

    Raises:
      UserError: naming the kind and what to do.
    """
    with path.open("rb") as file:
        found = describe(file.read(HEAD_BYTES))
    if found is not None:
        kind, remedy = found
        stem = path.with_suffix("") if path.suffix in (".gz", ".bz2", ".xz", ".zst") else path.with_suffix(".out")
        words = {"path": shlex.quote(str(path)), "stem": shlex.quote(str(stem))}
        raise UserError(f"{path} is {kind}; {remedy.format(**words)}")
