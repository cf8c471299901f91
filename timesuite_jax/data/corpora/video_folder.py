"""Finds the file of a video that annotations name by its id, by its file name, or with another suffix."""

import functools
import os
import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from etils import epath

from timesuite_jax.media import VIDEO_SUFFIXES, VideoError
from timesuite_jax.storage.files_below import files_below
from timesuite_jax.storage.remote_path import is_remote, to_path

_SHOWN = 3  # files that an error lists
_PREFIX = "v_"


class VideoFolder:
    """A folder of videos, with its sub-folders.

    A video is the file with the path that the annotations name, however they write it (`a.mp4`, `./a.mp4`,
    `b/../a.mp4` or an absolute path); else the one file with that path and another suffix, or
    any (DiDeMo names .mov, and ids have none); else, for a name without folders, the one such file in a sub-folder;
    else the same with `v_` before its id, or without it: some annotation files add it to the ids of YouTube, as the
    files of ActivityNet have it. Accented letters may be composed (as most programs write them) or decomposed (as macOS
    does).

    Args:
      root: the folder, on a disk or in a bucket.
    """

    def __init__(self, root: epath.PathLike):
        self._root = to_path(root)

    def find(self, name: str) -> str | None:
        """Returns the path of a video relative to the folder; None if there is no such file.

        Args:
          name: path, file name or id.

        Raises:
          VideoError: there are several such files.
        """
        name = posixpath.normpath(name) if is_remote(self._root) else name
        if self._is_file(name):
            return name if is_remote(self._root) else self._within(name)
        name = posixpath.normpath(name)
        for candidates in self._candidates(name):
            if len(candidates) == 1:
                return candidates[0]
            if candidates:
                more = f" and {len(candidates) - _SHOWN} more" if len(candidates) > _SHOWN else ""
                raise VideoError(
                    name,
                    f"could be {', '.join(sorted(candidates)[:_SHOWN])}{more} in {self._root}",
                    "keep one of them, or give its path in the annotations",
                )
        return None

    def _candidates(self, name: str) -> Iterator[list[str]]:
        """Yields the files that a name may mean, the most likely first."""
        stem = _stem(name)
        folder, _, last = stem.rpartition("/")
        other = last.removeprefix(_PREFIX) if last.startswith(_PREFIX) else _PREFIX + last
        for spelling in (stem, posixpath.join(folder, other)):
            yield self._by_path.get(spelling, [])
            if not folder:
                yield self._by_name.get(spelling, [])

    def _is_file(self, name: str) -> bool:
        if is_remote(self._root):  # a request for each name would take hours
            return name in self.paths
        return "\0" not in name and (self._root / name).is_file()

    def _within(self, name: str) -> str:
        """The path of a file relative to the folder, if it is below it; links are not followed."""
        if posixpath.normpath(name) == name and not name.startswith(("/", "../")):
            return name
        root = Path(self._root).absolute()
        file = Path(os.path.normpath(root / name))
        for folder in (Path(os.path.normpath(root)), root.resolve()):
            if file.is_relative_to(folder) and (root / name).samefile(file):
                return file.relative_to(folder).as_posix()
        return name

    @functools.cached_property
    def paths(self) -> frozenset[str]:
        """All videos in the folder, by their paths relative to it."""
        return frozenset(
            path for path in files_below(self._root) if posixpath.splitext(path)[1].lower() in VIDEO_SUFFIXES
        )

    @functools.cached_property
    def _by_path(self) -> Mapping[str, list[str]]:
        return _grouped(self.paths, _stem)

    @functools.cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        return _grouped(self.paths, lambda path: posixpath.basename(_stem(path)))


def _grouped(paths: Iterable[str], key: Callable[[str], str]) -> Mapping[str, list[str]]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        groups[key(path)].append(path)
    return groups


def _stem(path: str) -> str:
    """A path without its suffix, if that is one of videos; ids have full stops: "NUsG9BgSes0_210.0_360.0".

    Its letters are composed.
    """
    path = unicodedata.normalize("NFC", path)
    stem, suffix = posixpath.splitext(path)
    return stem if suffix.lower() in VIDEO_SUFFIXES else path
