"""Copies the video stream of a file into a file without sound; no frame is encoded again."""

import io
import zlib
from collections.abc import Iterator

import av
import av.container
import av.error
import numpy as np

from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.decode import decode_frames
from timesuite_jax.media.demux import demux
from timesuite_jax.media.video_error import VideoError
from timesuite_jax.media.video_file import open_video
from timesuite_jax.media.video_index import VideoIndex, index_video

# The format that is written for the demuxers of PyAV that have several names, and "bitexact": neither a random id nor
# the version of the library in the file.
_MUXERS = {"mov": "mp4", "matroska": "matroska"}
_BIT_EXACT = {"fflags": "+bitexact"}
_TOLERANCE_S = 1e-3  # Matroska's clock


def has_audio(data: bytes, name: str) -> bool:
    """Whether a video has sound.

    Raises:
      VideoError: it cannot be opened.
    """
    with open_video(data, name) as container:
        return bool(container.streams.audio)


def drop_audio(data: bytes, index: VideoIndex, *, deadline_s: float) -> bytes | None:
    """Returns a video without its sound and other streams; None if its frames or their times would change.

    The encoded frames are compared, their times within a millisecond, and the first frame, which shows the rotation.
    Times change where the sound starts before the picture, because they count from the start of the file.

    Args:
      data: the encoded file.
      index: its index.
      deadline_s: wall seconds that this may take.
    """
    deadline = Deadline(index.name, deadline_s)
    try:
        copy = _copy(data, index)
        copied = index_video(copy, name=index.name, deadline=deadline)
        same = (
            _packets(data, index) == _packets(copy, copied)
            and len(index) == len(copied)
            and np.allclose(index.times, copied.times, rtol=0, atol=_TOLERANCE_S)
            and abs(index.duration - copied.duration) <= _TOLERANCE_S
            and np.array_equal(
                decode_frames(data, index, [0], deadline=deadline), decode_frames(copy, copied, [0], deadline=deadline)
            )
        )
    except (av.error.FFmpegError, ValueError, VideoError):
        return None  # there is no such muxer, or not for this codec
    return copy if same else None


def _copy(data: bytes, index: VideoIndex) -> bytes:
    out = io.BytesIO()
    with open_video(data, index.name) as source:
        first = source.format.name.split(",")[0]
        with av.open(out, "w", format=_MUXERS.get(first, first), options=_BIT_EXACT) as target:
            stream = target.add_stream_from_template(source.streams[index.stream])
            for packet in _demux(source, index):
                packet.stream = stream
                target.mux(packet)
    return out.getvalue()


def _packets(data: bytes, index: VideoIndex) -> tuple[int, int, bytes | None]:
    """Number and checksum of the encoded frames, and the parameters of their decoder."""
    count, checksum = 0, 0
    with open_video(data, index.name) as container:
        extradata = container.streams[index.stream].codec_context.extradata
        for packet in _demux(container, index):
            count, checksum = count + 1, zlib.crc32(bytes(packet), checksum)
    return count, checksum, extradata


def _demux(container: av.container.InputContainer, index: VideoIndex) -> Iterator[av.Packet]:
    """Yields the packets of the main video stream."""
    for packet in demux(container, (container.streams[index.stream],)):
        if packet.size:  # not PyAV's request to flush the decoder
            yield packet
