"""The quarantine list: videos that must not be used, written by `timesuite data check` and read by `data build`."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from etils import epath

from timesuite_jax.data.corpora.corpus import write_json
from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import is_remote, to_path

_VERSION = 1


@dataclass(frozen=True)
class QuarantinedVideo:
    """A video that must not be used: its absolute path, the kind of what is wrong, and the same in words."""

    video: str
    kind: str
    problem: str


def write_quarantine(path: Path | epath.Path, videos: Iterable[QuarantinedVideo]) -> None:
    """Writes a quarantine list.

    Raises:
      UserError: it cannot be written.
    """
    write_json(path, {"version": _VERSION, "videos": [asdict(video) for video in videos]})


def read_quarantine(path: epath.PathLike) -> tuple[QuarantinedVideo, ...]:
    """Reads a quarantine list.

    Raises:
      UserError: there is no such file, or it is another one.
    """
    file = to_path(path)
    remedy = "write one with `timesuite data check VIDEOS --quarantine FILE`"
    if not file.is_file():
        raise UserError(f"there is no quarantine list {file}; {remedy}")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("its content is not an object")
        if content["version"] != _VERSION:
            raise ValueError(f"version {content['version']!r}, not {_VERSION}")
        videos = tuple(QuarantinedVideo(**entry) for entry in content["videos"])
        if not all(isinstance(value, str) for video in videos for value in (video.video, video.kind, video.problem)):
            raise ValueError("an entry has other values than texts")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{file} is no quarantine list ({error}); {remedy}") from error
    return videos


def full_name(folder: epath.PathLike, name: str = "") -> str:
    """The absolute path of a file in a folder, as quarantine lists have it: of the real folder, without `..`."""
    if is_remote(folder):
        return f"{to_path(folder)}/{name}".rstrip("/")
    return os.path.normpath(Path(folder).resolve() / name)


def by_path(quarantine: Iterable[QuarantinedVideo], videos: epath.PathLike) -> dict[str, QuarantinedVideo]:
    """Returns the videos of a quarantine list by their absolute paths.

    Raises:
      UserError: none of the listed videos is in the folder `videos`.
    """
    listed = {video.video: video for video in quarantine}
    folder = full_name(videos) + "/"
    if listed and not any(path.startswith(folder) for path in listed):
        raise UserError(
            f"the quarantine list has no video in {folder}, but in other folders, such as {next(iter(listed))}; "
            f"write one with `timesuite data check {videos} --quarantine FILE`"
        )
    return listed
