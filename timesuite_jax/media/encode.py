"""Encodes H.264 mp4 files, for synthetic corpora, the demo and tests."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from jaxtyping import UInt8

from timesuite_jax.errors import UserError

# Ticks per second: a multiple of every common frame rate (90000 = 2^4 * 3^2 * 5^4).
_TICKS = 90_000


def encode_mp4(
    frames: UInt8[np.ndarray, "T H W 3"],
    *,
    rate: float | None = None,
    seconds: Sequence[float] | None = None,
    preset: str = "ultrafast",
    crf: int = 23,
    keyframe_every: int = 250,
    rotation: int = 0,
    mirror: bool = False,
) -> bytes:
    """Encodes RGB frames as an mp4 and returns its bytes.

    Args:
      frames: RGB frames with even height and width.
      rate: constant frame rate in frames per second; give either this or `seconds`.
      seconds: ascending presentation time of each frame, for a variable frame rate.
      preset: x264 preset; trades speed for size.
      crf: x264 constant rate factor; lower is better quality.
      keyframe_every: maximum length of a group of pictures, in frames.
      rotation: display rotation to store, in degrees counter-clockwise.
      mirror: whether to store a horizontal flip after the rotation.

    Raises:
      ValueError: both or neither of `rate` and `seconds` are given, or a side is odd.
      UserError: this build of PyAV has no H.264 encoder.
    """
    if (rate is None) == (seconds is None):
        raise ValueError(f"give either rate or seconds, got rate={rate} and seconds={seconds}")
    count, height, width = frames.shape[:3]
    if height % 2 or width % 2:
        raise ValueError(f"yuv420p needs an even height and width, got {height}x{width}")
    times = np.arange(count) / rate if rate is not None else np.asarray(seconds)
    stamps = np.rint(times * _TICKS).astype(np.int64)
    mean_rate = rate if rate is not None else (count - 1) / (times[-1] - times[0])
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        try:
            stream = container.add_stream("libx264", rate=Fraction(mean_rate).limit_denominator(1000))
        except (av.error.FFmpegError, ValueError) as error:
            raise UserError("this build of PyAV has no libx264 encoder; install the `av` wheel from PyPI") from error
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, _TICKS)
        stream.codec_context.thread_count = 1  # threading slows the encoding of small frames down
        stream.options = {"preset": preset, "crf": str(crf), "g": str(keyframe_every)}
        if rotation or mirror:
            stream.set_display_rotation(rotation, hflip=mirror)
        for frame, stamp in zip(frames, stamps, strict=True):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = int(stamp), Fraction(1, _TICKS)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return out.getvalue()


def write_mp4(path: str | Path, frames: UInt8[np.ndarray, "T H W 3"], **options) -> None:
    """Encodes frames with `encode_mp4` and writes them to a file."""
    Path(path).write_bytes(encode_mp4(frames, **options))
