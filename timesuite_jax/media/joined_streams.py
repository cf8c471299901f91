"""Rejects files that join recordings of which one decoder shows a part only.

Tools that show one stream of a file, this package among them, would lose the frames of the other recordings.
"""

from collections.abc import Sequence

import av.container
import av.format
import av.video.stream

from timesuite_jax.media.appended_files import appended_format
from timesuite_jax.media.file_content import read_content
from timesuite_jax.media.mp4_boxes import mp4_files
from timesuite_jax.media.packet_table import NO_STAMP, PacketTable
from timesuite_jax.media.transport_maps import Streams, video_maps
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_file import Source

_REMEDY = "convert the recordings to one codec and size before joining them"
_REMEDY_OF_FILES = f"{_REMEDY}, by `ffmpeg -f concat`"
# How long a program stream may deliver data before it is decoded: a second, of its clock of 90 kHz (ISO/IEC 13818-1,
# 2.4.2.6).
_DELAY = 90_000


def check_joined(
    source: Source,
    name: str,
    container: av.container.InputContainer,
    streams: Sequence[av.video.stream.VideoStream],
    tables: Sequence[PacketTable],
    chosen: int,
) -> None:
    """Checks that no recording in the file is in another codec or stream than the one that is shown.

    Args:
      source: path or encoded bytes.
      name: of the video, for messages.
      container: the open video.
      streams: its video streams.
      tables: packets of each stream.
      chosen: position of the main stream in both.

    Raises:
      VideoError: the codec changes within the stream, or the stream is replaced by another one; or a file was
        appended to another of its format, where players show the first only.
    """
    discards = bool(tables[chosen].discarded.any())
    is_mp4 = "mp4" in container.format.name.split(",")
    if is_mp4 and read_content(source, lambda data: mp4_files(data, discards), 1) > 1:
        appended, shown = "mp4", "of which players show the first"
    else:
        appended, shown = read_content(source, appended_format, None), "which decoders do not read as one"
    if appended:
        raise VideoError(name, f"is several {appended} files in one, {shown}", _REMEDY_OF_FILES, "joined")
    if not container.format.flags & av.format.Flags.ts_discont.value:
        return  # tracks may be stored one after the other
    if container.format.name == "mpegts":
        empty = {stream.id for stream, table in zip(streams, tables, strict=True) if table.displayed.sum() < 2}
        states = read_content(source, video_maps, [])
        states = [{pid: codec for pid, codec in state.items() if pid not in empty} for state in states]
        found = _change([state for state in states if state], streams[chosen].id)
    else:
        found = _successor(streams, tables, chosen)
    if found is not None:
        raise VideoError(name, f"joins recordings {found}", _REMEDY, "joined")


def _change(states: list[Streams], pid: int) -> str | None:
    codecs = list(dict.fromkeys(state[pid] for state in states if pid in state))
    if len(codecs) > 1:
        return f"of different codecs ({', '.join(codecs)})"
    others = sorted({other for state in states if pid not in state for other in state})
    if codecs and others:
        return f"in different streams (PIDs {', '.join(f'0x{number:x}' for number in (pid, *others))})"
    return None


def _successor(
    streams: Sequence[av.video.stream.VideoStream], tables: Sequence[PacketTable], chosen: int
) -> str | None:
    """Describes a stream that is stored wholly before or behind the chosen one, with a clock of its own.

    A stream whose times continue those of the other belongs to the same recording: it begins late, or ends early.
    """
    begin, end = tables[chosen].extent
    starts, stops = zip(*(_times(table) for table in tables), strict=True)
    for number, (stream, table) in enumerate(zip(streams, tables, strict=True)):
        first, last = table.extent
        before = last < begin and stops[number] > starts[chosen] + _DELAY
        behind = end < first and stops[chosen] > starts[number] + _DELAY
        if table.displayed.sum() > 1 and first >= 0 and begin >= 0 and (before or behind):
            names = [one.codec_context.name for one in (streams[chosen], stream)]
            return f"in different streams ({names[0]}, {names[1]})"
    return None


def _times(table: PacketTable) -> tuple[int, int]:
    """The first and the last decoding timestamp of a stream of 90 kHz."""
    stamps = table.dts[table.dts != NO_STAMP]
    return (int(stamps.min()), int(stamps.max())) if len(stamps) else (0, 0)
