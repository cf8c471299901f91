"""Concludes the order of display from the packets' timestamps, where these can be trusted.

They can for common codecs in containers that store presentation times, if the stream is one recording: timestamps are
complete, unique, and consistent with decoding order. All other streams are decoded once to find the order of their
frames, see `timesuite_jax.media.decoding_order`.
"""

from typing import cast

import av
import av.container
import av.error
import av.video.stream
import numpy as np
from jaxtyping import Int

from timesuite_jax.media.demux import demux
from timesuite_jax.media.frame_order import FrameOrder
from timesuite_jax.media.packet_headers import HEADER_READERS
from timesuite_jax.media.packet_table import NO_STAMP, PacketTable
from timesuite_jax.media.video_file import Source, open_video

# One packet is one frame with its presentation time: broadcasts and old formats have fields, skipped frames and resets.
_CODECS = frozenset(["h264", "hevc", "vvc", "vp8", "vp9", "av1", "libdav1d", "mpeg2video", "mpeg4"])
_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "flv"})
_PLAIN_CONTAINERS = frozenset({"mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"})
_MAX_REORDERING = 16  # frames; the largest decoded picture buffer of H.264 and HEVC
_PROBED_PACKETS = 48


def order_by_timestamps(
    source: Source,
    name: str,
    container: av.container.InputContainer,
    stream: av.video.stream.VideoStream,
    packets: PacketTable,
) -> FrameOrder | None:
    """Orders the frames of a stream by presentation time.

    Args:
      source: the video; its first frames are decoded where its start cannot be judged by packets.
      name: name for error messages.
      container: the open video.
      stream: the main video stream.
      packets: of the stream.

    Returns:
      The order, or None if the timestamps or the marks of keyframes cannot be trusted.
    """
    intra_only = stream.codec.intra_only
    shown = np.flatnonzero(packets.displayed)
    keys = np.flatnonzero(packets.keyframe)
    if not len(shown) or not len(keys) or (stream.codec_context.name not in _CODECS and not intra_only):
        return None
    if container.format.name not in _CONTAINERS or not _consistent(packets, shown, keys):
        return None
    headers_read = stream.codec_context.name in HEADER_READERS
    if not (headers_read or intra_only) and 1 < len(keys) == len(packets):  # containers without marks mark every frame
        return None
    order = np.argsort(packets.pts[shown], kind="stable")
    if np.max(np.abs(order - np.arange(len(order)))) > _MAX_REORDERING:
        return None
    reorders = np.any(packets.reordered) if headers_read else stream.codec_context.reorder_depth > 0
    if reorders and np.all(np.diff(order) > 0):  # decoding times in place of presentation times
        return None
    frames = shown[order]
    if keys[0] or packets.pts[frames[0]] < packets.pts[keys[0]] or container.format.name not in _PLAIN_CONTAINERS:
        output = _first_frames(source, name, stream.index)
        first = np.searchsorted(packets.pts[frames], packets.pts[output[0]]) if len(output) else len(frames)
        frames = frames[first:]
        if not len(frames) or not np.array_equal(frames[: len(output)], output):
            return None
    group = np.searchsorted(packets.pts[keys], packets.pts[frames], side="right") - 1
    # Frames displayed before a keyframe may be stored after it and depend on the preceding group of pictures as well:
    # the last keyframe displayed at or before the frame is early enough for these too.
    starts = np.where(group >= 0, keys[np.maximum(group, 0)], 0)
    return FrameOrder(frames, starts, counted=False, exact=False)


def _consistent(packets: PacketTable, shown: np.ndarray, keys: np.ndarray) -> bool:
    pts, dts = packets.pts[shown], packets.dts[packets.dts != NO_STAMP]
    complete = not np.any(pts == NO_STAMP) and not np.any(packets.pts[keys] == NO_STAMP)
    return (
        complete
        and bool(np.all(packets.one_frame))
        and len(np.unique(pts)) == len(pts)
        and bool(np.all(np.diff(dts) >= 0))
        and bool(np.all(np.diff(packets.pts[keys]) > 0))
    )


def _first_frames(source: Source, name: str, stream_number: int) -> Int[np.ndarray, " frames"]:
    """Decodes the first packets, and returns the positions of those that become intact frames, in output order."""
    output: list[int | None] = []
    with open_video(source, name) as container:
        stream = container.streams[stream_number]
        decoder = cast(av.VideoCodecContext, stream.codec_context)
        for position, packet in enumerate(demux(container, (stream,))):
            if position >= _PROBED_PACKETS and output:
                break
            if packet.size == 0:
                continue
            packet.pts = position
            try:
                output.extend(frame.pts for frame in decoder.decode(packet) if not frame.is_corrupt)
            except (av.error.FFmpegError, ValueError):
                continue  # the frames before the first keyframe cannot be decoded
    return np.asarray([-1 if position is None else position for position in output], np.int64)
