"""Small files with sound, in the codecs and containers that the installed PyAV encodes."""

import io
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np

from tests.support.sample_videos import numbered_frames

FRAME_RATE = 10


def tone(seconds: np.ndarray) -> np.ndarray:
    """440 Hz at half of full scale from second 0.5 to second 1.5, otherwise silence."""
    return 0.5 * np.sin(2 * np.pi * 440 * seconds) * ((seconds >= 0.5) & (seconds < 1.5))


def encode_sound(
    codec: str,
    container: str,
    *,
    wave: Callable[[np.ndarray], np.ndarray] = tone,
    rate: int = 48_000,
    layout: str = "stereo",
    span: tuple[float, float] = (0.0, 2.0),
    video_seconds: float = 0.0,
) -> bytes:
    """Encodes a wave of so many seconds, the same on all channels but with decreasing gain, which averages to it.

    Args:
      codec: name of the encoder.
      container: name of the format.
      wave: of the seconds of the file.
      rate: samples per second.
      layout: of the channels.
      span: seconds in which the file has sound.
      video_seconds: duration of its picture, MPEG-4 from second 0; 0: none.
    """
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        sound = target.add_stream(codec, rate=rate, layout=layout)
        sound.options = {"strict": "-2"}
        packets = []
        if video_seconds:
            picture = target.add_stream("mpeg4", rate=FRAME_RATE)
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
            picture.codec_context.time_base = Fraction(1, FRAME_RATE)
            for number, pixels in enumerate(numbered_frames(round(video_seconds * FRAME_RATE))):
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
                packets += picture.encode(frame)
            packets += picture.encode(None)
        sound.codec_context.open()
        to_format = av.AudioResampler(format=sound.codec_context.format.name, layout=layout, rate=rate)
        first, last = (round(edge * rate) for edge in span)
        samples = wave(np.arange(first, last) / rate)
        channels = av.AudioLayout(layout).nb_channels
        gains = 1 + 0.5 * np.linspace(-1, 1, channels) if channels > 1 else np.ones(1)
        step = sound.codec_context.frame_size or 1024
        for at in range(0, len(samples), step):
            part = (gains[:, None] * samples[None, at : at + step]).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
            frame.rate, frame.pts, frame.time_base = rate, first + at, Fraction(1, rate)
            for converted in to_format.resample(frame):
                packets += sound.encode(converted)
        packets += sound.encode(None)
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            target.mux(packet)
    return out.getvalue()
