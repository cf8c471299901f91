"""Reads the timestamps and flags of a stream's packets, without decoding."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import av.container
import av.error
import av.packet
import av.video.stream
import numpy as np
from jaxtyping import Bool, Int

from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.demux import demux
from timesuite_jax.media.packet_headers import HEADER_READERS, PacketHeader
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_file import ffmpeg_reason

NO_STAMP = int(np.iinfo(np.int64).min)
_COLUMNS = "qqqbbbbbbq"  # type codes: three stamps, six flags, place in the file
_SMALLEST_BLANK = 8  # bytes; codecs of screens may repeat a frame with fewer


@dataclass(frozen=True)
class PacketTable:
    """The P packets of a stream in decoding order; a packet's position in it identifies the packet and its frame.

    Attributes:
      pts, dts: presentation and decoding timestamps in the stream's time base, `NO_STAMP` where absent.
      duration: in the stream's time base, 0 where unknown.
      keyframe: decoding can start at the packet, by its own header where that is read, else by the container's mark,
        which is not always true.
      displayed: the packet has data and is neither trimmed by an edit list nor a hidden reference frame.
      discarded: trimmed by an edit list: decoded, but not displayed.
      reordered: a B-frame, where headers are read.
      one_frame: False where headers are read and the packet is a placeholder or contains several frames.
      blank: all bytes of the packet are zeros, which is a frame of uncompressed video only.
      extent: places in the file of the first and the last packet, -1 if unknown.
    """

    pts: Int[np.ndarray, " P"]
    dts: Int[np.ndarray, " P"]
    duration: Int[np.ndarray, " P"]
    keyframe: Bool[np.ndarray, " P"]
    displayed: Bool[np.ndarray, " P"]
    discarded: Bool[np.ndarray, " P"]
    reordered: Bool[np.ndarray, " P"]
    one_frame: Bool[np.ndarray, " P"]
    blank: Bool[np.ndarray, " P"]
    extent: tuple[int, int]

    def __len__(self) -> int:
        return len(self.pts)


def read_packets(
    container: av.container.InputContainer,
    streams: Sequence[av.video.stream.VideoStream],
    name: str,
    deadline: Deadline | None,
) -> list[PacketTable]:
    """Reads the packets of some streams in one pass.

    Raises:
      VideoError: the container cannot be read to its end, or the deadline passed.
    """
    # Arrays, not tuples of objects, which need several times the memory: an hour of video has 10^5 packets.
    tables = {stream.index: [array(kind) for kind in _COLUMNS] for stream in streams}
    readers = {stream.index: HEADER_READERS.get(stream.codec_context.name) for stream in streams}
    try:
        for packet in demux(container, streams):
            if deadline is not None:
                deadline.check()
            number, size, discarded = packet.stream.index, packet.size, packet.is_discard
            read = readers[number]
            if read is not None and size > 0:
                header = read(packet)
            else:
                header = PacketHeader(packet.is_keyframe and size > 0, True, reordered=False, one_frame=True)
            row = (
                NO_STAMP if packet.pts is None else packet.pts,
                NO_STAMP if packet.dts is None else packet.dts,
                packet.duration or 0,
                header.keyframe,
                header.displayed and size > 0 and not discarded,
                discarded,
                header.reordered,
                header.one_frame,
                size >= _SMALLEST_BLANK and _is_blank(packet),
                -1 if packet.pos is None else packet.pos,
            )
            for column, value in zip(tables[number], row, strict=True):
                column.append(value)
    except (av.error.FFmpegError, ValueError) as error:
        count = max(len(columns[0]) for columns in tables.values())
        raise VideoError(
            name, f"is unreadable after {count} frames ({ffmpeg_reason(error)})", "download it again or re-encode it"
        ) from error
    # The last packet of every stream is PyAV's request to flush the decoder.
    return [_table(tables[stream.index]) for stream in streams]


def _is_blank(packet: av.packet.Packet) -> bool:
    content = np.frombuffer(memoryview(packet), np.uint8)
    return bool(content[0] == 0 and content.max() == 0)


def _table(columns: list[array]) -> PacketTable:
    packets = [np.asarray(column)[:-1] for column in columns]
    stamps = [column.astype(np.int64) for column in packets[:3]]
    flags = [column.astype(bool) for column in packets[3:-1]]
    places = packets[-1][packets[-1] >= 0]
    extent = (int(places.min()), int(places.max())) if len(places) else (-1, -1)
    fields: list[Any] = [*stamps, *flags, extent]
    return PacketTable(*fields)
