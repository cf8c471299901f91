"""Writes files atomically: they appear under their name only when complete."""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from etils import epath

from timesuite_jax.storage.remote_path import is_remote, to_path


@contextmanager
def atomic_write(path: epath.PathLike) -> Iterator[Path]:
    """Yields a temporary local file to write to, and renames or uploads it to `path` on success.

    On an exception an existing file stays unchanged and the temporary file is removed. A path that exists and is not a
    regular file (/dev/stdout, a pipe) is written to directly.

    Args:
      path: on a disk, in a folder that exists, or in a bucket.

    Yields:
      A path in the same folder; for a bucket, in a temporary folder of the local disk.
    """
    if is_remote(path):
        target = to_path(path)
        with tempfile.TemporaryDirectory(prefix="upload-") as folder:
            local = Path(folder) / target.name
            yield local
            upload(local, target)
        return
    file = Path(path)
    if file.exists() and not file.is_file():
        yield file
        return
    file = file.resolve()  # a link stays a link, and its target is replaced
    # Not the process number alone: hosts of a pod that write to one folder may have the same.
    partial = file.with_name(f".{file.name}.{uuid.uuid4().hex[:12]}.partial")
    try:
        yield partial
        partial.replace(file)
    except BaseException:
        with suppress(OSError):  # it may not exist, or the disk fails: report the first error
            partial.unlink()
        raise


def upload(local: Path, target: epath.Path) -> None:
    """Copies a file to a bucket."""
    with local.open("rb") as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 24)


def replace_bytes(file: epath.Path, content: bytes) -> None:
    """Writes a small file atomically; if the process is killed meanwhile, the previous file stays intact."""
    if is_remote(file):
        file.write_bytes(content)
        return
    with atomic_write(file) as partial:
        partial.write_bytes(content)


def replace_text(file: epath.Path, text: str) -> None:
    """Writes a small text file atomically, in UTF-8."""
    replace_bytes(file, text.encode())
