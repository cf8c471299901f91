"""Writes excerpts as an OpenTimelineIO time line (.otio), one after the other."""

from pathlib import Path
from types import ModuleType
from typing import Any

from timesuite_jax.edit_lists.excerpts import EditList, Excerpt
from timesuite_jax.edit_lists.frame_grid import frame_grid
from timesuite_jax.edit_lists.source_video import SourceVideo
from timesuite_jax.errors import UserError

_MAX_UNITS = 1_000_000  # of a second


def otio(edits: EditList) -> str:
    """A time line with a video track, and an audio track if the video has sound.

    Raises:
      UserError: OpenTimelineIO is not installed.
    """
    library = load_opentimelineio()
    timeline = library.schema.Timeline(edits.title)
    for kind in ("Video", "Audio") if edits.source.sound else ("Video",):
        track = library.schema.Track(kind, kind=kind)
        track.extend(_clips(library, edits))
        timeline.tracks.append(track)
    return library.adapters.write_to_string(timeline, "otio_json") + "\n"


def load_opentimelineio() -> ModuleType:
    """Imports OpenTimelineIO.

    Raises:
      UserError: it is not installed.
    """
    try:
        import opentimelineio
    except ImportError as error:
        raise UserError('.otio needs OpenTimelineIO; install it: pip install "timesuite_jax[edit]"') from error
    return opentimelineio


def _clips(library: ModuleType, edits: EditList) -> list[Any]:
    source = edits.source
    rate, start, numbers = _clock(source)

    def time_range(first: int, end: int) -> Any:
        times = library.opentime
        return times.TimeRange(times.RationalTime(start + first, rate), times.RationalTime(end - first, rate))

    def clip(one: Excerpt) -> Any:
        media = library.schema.ExternalReference(_url(source.path), time_range(0, numbers[-1]))
        return library.schema.Clip(
            one.text,
            media_reference=media,
            source_range=time_range(numbers[one.frames.first], numbers[one.frames.end]),
            metadata={"timesuite": {"first_frame": one.frames.first, "end_frame": one.frames.end}},
        )

    return [clip(one) for one in edits.excerpts]


def _clock(source: SourceVideo) -> tuple[float, int, list[int]]:
    """Units of a second, the start of the video in units, and the units at which its frames begin and the last ends."""
    grid = frame_grid(source, [])
    if grid.constant:
        return float(grid.rate), grid.start, grid.numbers.tolist()
    base = source.time_base
    units = base.denominator if base.numerator == 1 and base.denominator <= _MAX_UNITS else _MAX_UNITS
    edges = [*source.times.tolist(), source.duration]
    return float(units), 0, [round((edge - edges[0]) * units) for edge in edges]


def _url(path: str) -> str:
    """Address of a file; a path within a bucket is one."""
    return path if "://" in path else Path(path).absolute().as_uri()
