"""Finds the order of display by decoding a stream once, for streams whose timestamps cannot be trusted.

Decoders output frames in the order of display. The position of its packet in decoding order identifies a frame: it is
passed through the decoder in place of the presentation time.
"""

from typing import cast

import av
import av.error
import numpy as np

from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.demux import demux
from timesuite_jax.media.frame_order import RESTARTABLE_CODECS, FrameOrder
from timesuite_jax.media.lost_frames import lost_frames
from timesuite_jax.media.packet_table import NO_STAMP, PacketTable
from timesuite_jax.media.video_file import Source, open_video


def order_by_decoding(
    source: Source,
    name: str,
    stream_number: int,
    packets: PacketTable,
    *,
    threads: int = 1,
    deadline: Deadline | None = None,
) -> FrameOrder:
    """Orders the frames of a stream by decoding output, from the first intact frame on.

    A packet that cannot be decoded counts as a frame, so that selecting it reports the damage, and so do many in a row
    for which the decoder gives no frame.

    Args:
      source: path or encoded bytes.
      name: name for error messages.
      stream_number: number of the video stream among the streams of the container.
      packets: of the stream.
      threads: decoder threads.
      deadline: limit of wall time; unlimited if None.

    Raises:
      VideoError: the file cannot be opened, or the deadline passed.
    """
    output: list[int | None] = []
    keys: list[bool] = []
    skipped = 0  # frames output before the first intact one
    failed: list[int] = []
    interlaced: set[int] = set()
    with open_video(source, name) as container:
        stream = container.streams[stream_number]
        decoder = cast(av.VideoCodecContext, stream.codec_context)
        decoder.thread_count, decoder.thread_type = threads, "AUTO"
        codec = decoder.name
        for position, packet in enumerate(demux(container, (stream,))):
            if deadline is not None:
                deadline.check()
            if packet.size == 0 and position < len(packets):
                continue
            packet.pts = position
            try:
                frames = decoder.decode(packet if packet.size else None)
            except (av.error.FFmpegError, ValueError):
                if output and position < len(packets):
                    failed.append(position)
                continue
            for frame in frames:
                if frame.is_corrupt and not output:
                    skipped += 1
                    continue
                output.append(frame.pts)
                keys.append(frame.key_frame)
                if frame.interlaced_frame and frame.pts is not None:
                    interlaced.add(frame.pts)
    positions = np.asarray([len(packets) if position is None else position for position in output], np.int64)
    if len(np.unique(positions)) < len(positions) or None in output:
        return FrameOrder(skipped + np.arange(len(output)), np.zeros(len(output), np.int64), counted=True, exact=True)
    swallowed, lost = lost_frames(packets, positions, failed, interlaced, codec)
    failed = sorted({*failed, *swallowed})
    restartable = codec in RESTARTABLE_CODECS
    marks = np.asarray(keys, bool) if restartable else np.zeros(len(output), bool)
    starts = np.maximum.accumulate(np.where(marks, positions, 0))
    order = _by_real_timestamps(positions, packets)
    positions, starts = positions[order], starts[order]
    at = [
        int(np.argmax(positions > position)) if np.any(positions > position) else len(positions) for position in failed
    ]
    return FrameOrder(np.insert(positions, at, failed), np.insert(starts, at, 0), counted=False, exact=True, lost=lost)


def _by_real_timestamps(positions: np.ndarray, packets: PacketTable) -> np.ndarray:
    """Returns the permutation of decoding output that is the order of display.

    A decoder that detects the reordering depth of a stream only while decoding outputs a few frames too early. Then
    presentation times decide, unless they are decoding times in disguise: those ascend in decoding order.
    """
    stamps = packets.pts[positions]
    in_decoding_order = packets.pts[np.sort(positions)]
    single = bool(np.all(np.diff(packets.dts[packets.dts != NO_STAMP]) >= 0))
    if single and not np.any(stamps == NO_STAMP) and np.any(np.diff(in_decoding_order) < 0):
        return np.argsort(stamps, kind="stable")
    return np.arange(len(positions))
