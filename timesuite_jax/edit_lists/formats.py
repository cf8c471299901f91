"""The table of formats, by the suffix of the file."""

from collections.abc import Callable
from pathlib import PurePath

from etils import epath

from timesuite_jax.edit_lists.chapters import ffmetadata, youtube
from timesuite_jax.edit_lists.edl import edl
from timesuite_jax.edit_lists.excerpts import EditList
from timesuite_jax.edit_lists.otio import load_opentimelineio, otio
from timesuite_jax.edit_lists.subtitles import srt, webvtt
from timesuite_jax.errors import UserError
from timesuite_jax.storage.atomic_write import replace_text
from timesuite_jax.storage.remote_path import to_path
from timesuite_jax.storage.write_errors import cause_of

FORMATS: dict[str, tuple[Callable[[EditList], str], str]] = {
    ".srt": (srt, "SubRip subtitles"),
    ".vtt": (webvtt, "WebVTT subtitles"),
    ".ffmeta": (ffmetadata, "chapters for FFmpeg"),
    ".txt": (youtube, "chapters for YouTube"),
    ".edl": (edl, "edit decision list, CMX 3600"),
    ".otio": (otio, "OpenTimelineIO"),
}
"""Suffix -> writer and description."""


def check_format(file: epath.PathLike) -> None:
    """Checks that the format of a file is known and its library installed.

    Raises:
      UserError: if not, with the known suffixes.
    """
    suffix = PurePath(file).suffix.lower()
    if suffix not in FORMATS:
        known = ", ".join(f"{suffix} ({what})" for suffix, (_, what) in FORMATS.items())
        raise UserError(f"cannot export to {file}: the suffix {suffix!r} is no known format; choose one of {known}")
    if suffix == ".otio":
        load_opentimelineio()


def write_edit_list(edits: EditList, file: epath.PathLike) -> None:
    """Writes a file in the format of its suffix, in UTF-8.

    Raises:
      UserError: the format is unknown or cannot represent the cuts, or the file cannot be written.
    """
    check_format(file)
    write, _ = FORMATS[PurePath(file).suffix.lower()]
    text = write(edits)
    try:
        replace_text(to_path(file), text)
    except OSError as error:
        raise UserError(f"cannot write {file}: {cause_of(error)}; choose another file") from error
