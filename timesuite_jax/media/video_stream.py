"""Selects the main video stream among cover pictures, thumbnails and further tracks."""

from collections.abc import Sequence

import av.container
import av.stream
import av.video.stream

from timesuite_jax.media.packet_table import PacketTable
from timesuite_jax.media.video_error import VideoError

_STILL = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails | av.stream.Disposition.still_image
_PICTURE_CODECS = ("mjpeg", "png", "bmp", "gif", "webp", "tiff", "jpeg2000")


def candidate_streams(container: av.container.InputContainer, name: str) -> tuple[av.video.stream.VideoStream, ...]:
    """Returns the video streams that can be decoded, without pictures marked as such if there are others.

    Raises:
      VideoError: no stream can be decoded.
    """
    streams = tuple(stream for stream in container.streams.video if stream.codec_context is not None)
    if not streams:
        raise VideoError(name, "has video in an unknown codec", "re-encode it, for example as H.264", "unknown_codec")
    return tuple(stream for stream in streams if not stream.disposition & _STILL) or streams


def choose_stream(streams: Sequence[av.video.stream.VideoStream], tables: Sequence[PacketTable]) -> int:
    """Returns the position of the main video stream in `streams`, of which `tables` are the packets.

    The criteria, in this order: more than one frame, default track, no picture codec, largest frames, first.
    """

    def weight(position: int) -> tuple:
        stream, frames = streams[position], int(tables[position].displayed.sum())
        return (
            frames > 1,
            bool(stream.disposition & av.stream.Disposition.default),
            stream.codec_context.name not in _PICTURE_CODECS,
            stream.codec_context.width * stream.codec_context.height,
            -position,
        )

    return max(range(len(streams)), key=weight)


def unused_tracks(
    streams: Sequence[av.video.stream.VideoStream], tables: Sequence[PacketTable], chosen: int
) -> tuple[str, ...]:
    """Describes the tracks with more than one frame that are not the main one, pictures excepted."""
    return tuple(
        f"number {stream.index} ({stream.codec_context.name}, {stream.codec_context.width}x"
        f"{stream.codec_context.height}, {int(table.displayed.sum())} frames)"
        for position, (stream, table) in enumerate(zip(streams, tables, strict=True))
        if position != chosen and table.displayed.sum() > 1 and stream.codec_context.name not in _PICTURE_CODECS
    )
