"""Local copies of files in a bucket, and uploads of folders that are written locally.

For libraries that need files on a disk: decoders, Parquet readers, writers of many small files.
"""

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import upload
from timesuite_jax.storage.remote_path import is_remote, to_path


@contextmanager
def staged_folder(path: epath.PathLike) -> Iterator[Path]:
    """Yields a local folder to write to; that of a bucket is uploaded when it is complete.

    Files are uploaded in the order in which they were written, so that one that marks a complete folder is the last.

    Args:
      path: a folder on a disk, which is yielded itself, or in a bucket, where it must be empty.

    Raises:
      UserError: if the folder in the bucket has files.
    """
    if not is_remote(path):
        yield Path(to_path(path))
        return
    target = to_path(path)
    if target.exists():
        raise UserError(f"{target} has files; remove them or choose another folder")
    with tempfile.TemporaryDirectory(prefix="upload-") as folder:
        local = Path(folder) / target.name
        yield local
        files = [file for file in local.rglob("*") if file.is_file()]
        for file in sorted(files, key=lambda file: file.stat().st_mtime_ns):
            upload(file, target / file.relative_to(local).as_posix())


def local_copy(path: epath.PathLike) -> Path:
    """Returns a file on a disk as it is, and a copy of one in a bucket, which exists until the process ends.

    Raises:
      UserError: if a file in a bucket does not exist.
    """
    return _download(str(path)) if is_remote(path) else Path(to_path(path))


@contextmanager
def staged_file(path: epath.PathLike) -> Iterator[Path]:
    """Yields a file on a disk as it is, and a copy of one in a bucket, which is removed afterwards.

    Raises:
      UserError: if a file in a bucket does not exist.
    """
    if not is_remote(path):
        yield Path(to_path(path))
        return
    with tempfile.TemporaryDirectory(dir=_folder()) as folder:
        yield _copy(str(path), Path(folder))


@functools.cache
def _download(path: str) -> Path:
    return _copy(path, Path(tempfile.mkdtemp(prefix="download-", dir=_folder())))


def _copy(path: str, folder: Path) -> Path:
    source = to_path(path)
    local = folder / source.name
    try:
        with source.open("rb") as file, local.open("wb") as copy:
            shutil.copyfileobj(file, copy, 1 << 24)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist; check the path") from error
    return local


@functools.cache
def _folder() -> str:
    folder = tempfile.mkdtemp(prefix="timesuite-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
