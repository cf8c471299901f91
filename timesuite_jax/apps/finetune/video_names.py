"""Finds the file that a row's video names: a path in the folder of videos, with or without its suffix."""

import functools
import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from etils import epath

from timesuite_jax.apps.finetune.fields import FieldError
from timesuite_jax.apps.finetune.raw_rows import shown
from timesuite_jax.errors import UserError
from timesuite_jax.media import VIDEO_SUFFIXES
from timesuite_jax.storage.remote_path import is_remote, to_path
from timesuite_jax.suggestions import did_you_mean


class VideoFolder:
    """A folder of videos.

    Args:
      root: on a disk or in a bucket.

    Raises:
      UserError: there is no such folder.
    """

    def __init__(self, root: epath.PathLike) -> None:
        self.root = to_path(root)
        if not self.root.is_dir():
            raise UserError(f"there is no folder of videos {root}; give the folder that the rows' videos are in")

    def find(self, name: str) -> str:
        """Returns the path of a video, relative to the folder, by which all of its rows name it.

        Raises:
          FieldError: there is no such file, or several have the name without its suffix.
        """
        path = PurePosixPath(name)
        relative = str(path)
        if (self.root / relative).is_file():
            return self._within(path)
        found = self._by_name.get(unicodedata.normalize("NFC", relative), [])
        if len(found) == 1:
            return found[0]
        if found:
            raise FieldError(f"video {shown(name)} may be {' or '.join(found)}; write one of them")
        if "\\" in name and (self.root / name.replace("\\", "/")).is_file():
            raise FieldError(f"video {shown(name)} does not exist in {self.root}; write / instead of \\")
        hint = did_you_mean(relative, self._files)
        raise FieldError(
            f"video {shown(name)} does not exist in {self.root}; {hint or 'correct the path, or --videos'}"
        )

    def _within(self, path: PurePosixPath) -> str:
        """The path relative to the folder, however the row writes it: `a.mp4`, `./b/../a.mp4` or an absolute path."""
        if is_remote(self.root):
            return str(path)
        root = Path(os.path.normpath(Path(self.root).absolute()))
        file = Path(os.path.normpath(root / path))  # links are not followed: their names are the user's
        return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)

    @functools.cached_property
    def _files(self) -> list[str]:
        """Paths of all videos below the folder; in a bucket, of those directly in it."""
        if is_remote(self.root):
            names = [file.name for file in self.root.iterdir()]
        else:
            root = Path(self.root)
            names = [file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()]
        return sorted(name for name in names if PurePosixPath(name).suffix.lower() in VIDEO_SUFFIXES)

    @functools.cached_property
    def _by_name(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self._files:
            composed = unicodedata.normalize("NFC", name)  # macOS decomposes accented letters in names of files
            found.setdefault(composed, []).append(name)
            found.setdefault(str(PurePosixPath(composed).with_suffix("")), []).append(name)
        return found
