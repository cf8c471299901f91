"""Paths on a local disk or in a bucket, as one type: `epath.Path`.

In a bucket a file appears whole or not at all, a rename is a copy, and there are no folders and no locks.
"""

import importlib.util
import os
import re
from pathlib import PurePath

from etils import epath

from timesuite_jax.errors import UserError

_BUCKET = "gs://"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/+|([Gg][Ss]):(?=.)")  # "gs:x" is a bucket rather than a file's name


def is_remote(path: epath.PathLike) -> bool:
    """Returns whether a path is in a bucket ("gs://...")."""
    return os.fspath(path).startswith(_BUCKET)


def to_path(path: epath.PathLike) -> epath.Path:
    """Returns a path, on a disk or in a bucket.

    Raises:
      UserError: if it is the URL of something else, or the library for buckets is not installed.
    """
    text = os.fspath(path)
    scheme = _SCHEME.match(text)
    if is_remote(text):
        if not text.removeprefix(_BUCKET).partition("/")[0]:
            raise UserError(f"{text} names no bucket; write gs://BUCKET/PATH")
        _check_library(text)
    elif scheme and not os.path.exists(text):  # noqa: PTH110 (a file may have such a name)
        name = (scheme[1] or scheme[2]).lower()
        hint = f"write gs://{text[scheme.end() :]}" if name == "gs" else "copy it to a disk or to gs://BUCKET/PATH"
        raise UserError(f"{text}: paths on a disk and gs://BUCKET/PATH are supported, not {scheme[0]}; {hint}")
    return epath.Path(text) if is_remote(text) else epath.Path(PurePath(text))  # a name may have "://" in it


def absolute(path: epath.PathLike) -> epath.Path:
    """Returns the absolute path of a file or folder on a disk; a path in a bucket is returned unchanged."""
    path = to_path(path)
    return path if is_remote(path) else path.absolute()  # `absolute` would turn gs:// into a local folder


def make_folder(path: epath.PathLike) -> None:
    """Creates a folder and those above it; a bucket has none.

    Raises:
      OSError: if it cannot be created.
    """
    if not is_remote(path):
        os.makedirs(path, exist_ok=True)  # noqa: PTH103


def local_path(path: epath.PathLike, what: str = "the file") -> epath.Path:
    """Returns a path on a disk, for what is memory-mapped or appended to.

    Args:
      path: given by the user.
      what: for the message, "the checkpoint".

    Raises:
      UserError: if it is in a bucket or the URL of something else.
    """
    if is_remote(path):
        name = os.fspath(path).rstrip("/")
        raise UserError(
            f"{name} is in a bucket, but {what} must be on a disk; give a path on a disk (to copy: "
            f"`gcloud storage cp -r {name} .`), or mount the bucket with gcsfuse"
        )
    return to_path(path)


def _check_library(text: str) -> None:
    """Checks that the library that reads and writes buckets is installed."""
    if not importlib.util.find_spec("gcsfs"):
        raise UserError(f"{text}: buckets need gcsfs, which is not installed; pip install 'timesuite_jax[gcs]'")
