"""Small videos whose frames encode their own number, and damaged or unusual files."""

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from timesuite_jax.media import encode_mp4


def numbered_frames(count: int, height: int = 48, width: int = 64) -> np.ndarray:
    """Returns frames with a red patch in the upper left corner; frame n has grey level 20 + 3.6 (n mod 60)."""
    levels = (20 + 3.6 * (np.arange(count) % 60)).round().astype(np.uint8)
    frames = np.repeat(levels, height * width * 3).reshape(count, height, width, 3)
    frames[:, :16, :16] = [250, 0, 0]
    return frames


def number_of(frame: np.ndarray) -> int:
    """Returns the number of one of the first 60 numbered frames; colour conversion darkens it by up to two levels."""
    return round((float(frame[frame.shape[0] // 2 :].mean()) - 19) / 3.6)


def numbered_video(count: int = 60, rate: float = 12.0, **options) -> bytes:
    return encode_mp4(numbered_frames(count), rate=rate, preset="medium", crf=10, **options)


def audio_only() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def without_duration() -> bytes:
    """An mp4 in which all durations are zero: the boxes with times are overwritten."""
    data = bytearray(encode_mp4(numbered_frames(10), rate=12))
    for box, offset in ((b"stts", 16), (b"mdhd", 20), (b"tkhd", 24), (b"mvhd", 20), (b"elst", 12)):
        at = data.index(box) + offset
        data[at : at + 4] = bytes(4)
    return bytes(data)


def timestamped_video(stamps: Sequence[int]) -> bytes:
    """A Matroska video with a frame at each timestamp, in twelfths of a second."""
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=12)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuvj420p"
        for stamp, pixels in zip(stamps, numbered_frames(len(stamps)), strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuvj420p")
            for packet in stream.encode(frame):
                packet.pts = packet.dts = stamp
                container.mux(packet)
    return out.getvalue()


def without_rate_or_order() -> bytes:
    """A Matroska video without a declared rate; its first frame is at 0 s, the nineteen others at 0.5 s."""
    data = timestamped_video([0] + 19 * [6])
    at = data.index(b"\x23\xe3\x83\x84")  # the element DefaultDuration: an integer of four bytes
    return data[:at] + b"\xec\x86" + bytes(6) + data[at + 8 :]  # the element Void, which readers skip


def truncated(data: bytes, *, index_first: bool) -> bytes:
    """The first 60 % of a file; it still opens if the index is at the front."""
    if index_first:
        data = remuxed(data, {"movflags": "faststart"})
    return data[: len(data) * 6 // 10]


def remuxed(data: bytes, options: dict[str, str], container: str = "mp4") -> bytes:
    # faststart rewrites the file, so it has to be on disk
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"video.{container}"
        with av.open(io.BytesIO(data)) as source, av.open(str(path), "w", format=container, options=options) as target:
            stream_in = source.streams.video[0]
            stream_out = target.add_stream_from_template(stream_in)
            for packet in source.demux(stream_in):
                if packet.dts is not None:
                    packet.stream = stream_out
                    target.mux(packet)
        return path.read_bytes()


def trimmed(data: bytes, start: float, end: float) -> bytes:
    """Sets the edit list of an mp4 so that it shows the part from `start` to `end`, in seconds."""
    out = bytearray(data)
    movie, track, edit = (data.index(box) + 4 for box in (b"mvhd", b"mdhd", b"elst"))
    movie_scale = int.from_bytes(data[movie + 12 : movie + 16])
    media_scale = int.from_bytes(data[track + 12 : track + 16])
    media_start = int.from_bytes(data[edit + 12 : edit + 16])  # of the first frame, behind the depth of reordering
    out[edit + 8 : edit + 12] = round((end - start) * movie_scale).to_bytes(4)
    out[edit + 12 : edit + 16] = (media_start + round(start * media_scale)).to_bytes(4)
    return bytes(out)
