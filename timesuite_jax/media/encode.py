"""Writes H.264 mp4 files: synthetic corpora, clips of a demo, tests."""

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from jaxtyping import UInt8

from timesuite_jax.errors import UserError

# Fine enough for every common rate: 90000 = 2^4 * 3^2 * 5^4.
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
) -> bytes:
    """Encodes RGB frames (even height and width) to the bytes of an mp4.

    Args:
      frames: what is shown.
      rate: frames a second; or
      seconds: the time of each frame, ascending, for a variable frame rate.
      preset: of x264; speed against size.
      crf: of x264; quality, lower is better.
      keyframe_every: longest group of pictures.
      rotation: degrees counter-clockwise that a player must turn the stored picture.

    Raises:
      UserError: this FFmpeg has no H.264 encoder.
    """
    if (rate is None) == (seconds is None):
        raise ValueError("give either rate or seconds")
    count, height, width = frames.shape[:3]
    if height % 2 or width % 2:
        raise ValueError(f"yuv420p needs even sizes, got {height}x{width}")
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
        stream.codec_context.thread_count = 1  # small pictures: threads only get in each other's way
        stream.options = {"preset": preset, "crf": str(crf), "g": str(keyframe_every)}
        if rotation:
            stream.set_display_rotation(rotation)
        for frame, stamp in zip(frames, stamps, strict=True):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = int(stamp), Fraction(1, _TICKS)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return out.getvalue()


def write_mp4(path: str | Path, frames: UInt8[np.ndarray, "T H W 3"], **options) -> None:
    """`encode_mp4` into a file."""
    Path(path).write_bytes(encode_mp4(frames, **options))
