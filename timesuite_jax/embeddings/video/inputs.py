"""The videos that features are extracted from, and the file that each one's are written to."""

import posixpath
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.media import VIDEO_SUFFIXES
from timesuite_jax.storage.files_below import files_below
from timesuite_jax.storage.remote_path import to_path
from timesuite_jax.storage.text_file import read_text

_LIST = ".txt"


class Extraction(NamedTuple):
    """A video and its file of features."""

    video: epath.Path
    output: epath.Path


def plan_extractions(paths: Sequence[epath.Path], folder: epath.Path, suffix: str) -> list[Extraction]:
    """Lists the videos of files, folders and lists; each gets a file at the same place in `folder`.

    Args:
      paths: videos, folders of videos with their sub-folders, or `.txt` files with a path in each line, relative to the
        list.
      folder: of the features.
      suffix: of the files of features, without a full stop.

    Raises:
      UserError: a path does not exist, a list is not text or has a folder, there is no video, or two videos would have
        the same file.
    """
    found: dict[str, tuple[epath.Path, str]] = {}
    for path in paths:
        for video, name in _videos(path):
            found.setdefault(str(video), (video, name))
    if not found:
        raise UserError(f"there are no videos in {', '.join(map(str, paths))}; check the path")
    extractions = [Extraction(video, folder / f"{_stem(name)}.{suffix}") for video, name in found.values()]
    counts = Counter(str(one.output) for one in extractions)
    for one in extractions:
        if counts[str(one.output)] > 1:
            same = [str(other.video) for other in extractions if other.output == one.output]
            raise UserError(
                f"{' and '.join(same)} would be written to one file, {one.output}; rename one, or extract them to two "
                "folders"
            )
    return extractions


def _videos(path: epath.Path) -> list[tuple[epath.Path, str]]:
    """Videos and their paths relative to the folder that was named."""
    if path.is_dir():
        names = (name for name in files_below(path) if posixpath.splitext(name)[1].lower() in VIDEO_SUFFIXES)
        return [(path / name, name) for name in sorted(names)]
    if not _exists(path):
        raise UserError(
            f"there is no {path}; give videos, folders of videos, or a {_LIST} file with a path in each line"
        )
    if path.suffix.lower() != _LIST:
        return [(path, path.name)]
    lines = [line.strip() for line in read_text(path, "a list of videos").split("\n")]
    listed = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        video = to_path(line) if "://" in line or line.startswith("/") else path.parent / line
        if not _exists(video):
            raise UserError(f"{path}, line {number}: there is no {video}; correct the path, or remove the line")
        if video.is_dir():
            raise UserError(
                f"{path}, line {number}: {video} is a folder; list its videos, or give the folder instead of the list"
            )
        # Files of features stay within their folder.
        elsewhere = line.startswith("/") or "://" in line or ".." in line.split("/")
        listed.append((video, video.name if elsewhere else line))
    return listed


def _exists(path: epath.Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have: too long, or with a null byte
        return False


def _stem(name: str) -> str:
    """The name without the suffix of a video."""
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and f".{suffix.lower()}" in VIDEO_SUFFIXES else name
