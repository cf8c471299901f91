"""Rejects files that join recordings of which one decoder shows a part only.

Tools that show one stream of a file, this package among them, would lose the frames of the other recordings.
"""

from collections.abc import Sequence

import av.container
import av.format
import av.video.stream

from timesuite_jax.media.file_content import read_content
from timesuite_jax.media.mp4_boxes import mp4_files
from timesuite_jax.media.packet_table import PacketTable
from timesuite_jax.media.transport_maps import Streams, video_maps
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_file import Source

_REMEDY = "convert the recordings to one codec and size before joining them"


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
      VideoError: the codec changes within the stream, or the stream is replaced by another one; or an mp4 file was
        appended to another.
    """
    discards = bool(tables[chosen].discarded.any())
    is_mp4 = "mp4" in container.format.name.split(",")
    if is_mp4 and read_content(source, lambda data: mp4_files(data, discards), 1) > 1:
        raise VideoError(name, "is several mp4 files in one, of which players show the first", _REMEDY, "joined")
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
    """Describes a stream that is stored wholly before or behind the chosen one."""
    begin, end = tables[chosen].extent
    for stream, table in zip(streams, tables, strict=True):
        first, last = table.extent
        if table.displayed.sum() > 1 and first >= 0 and begin >= 0 and (last < begin or end < first):
            names = [one.codec_context.name for one in (streams[chosen], stream)]
            return f"in different streams ({names[0]}, {names[1]})"
    return None
