"""Small videos in the codecs and containers that the installed PyAV encodes."""

import io
from fractions import Fraction

import av
import numpy as np

from tests.support.sample_videos import numbered_frames

COUNT, RATE = 40, 10
CONTAINERS = [
    "mp4", "mov", "3gp", "matroska", "webm", "avi", "mpegts", "mpeg", "flv", "asf", "ogg", "nut", "gif", "apng", "ivf",
    "swf", "rm",
]  # fmt: skip
_HARDWARE = ("_vaapi", "_qsv", "_nvenc", "_vulkan", "_v4l2m2m", "_amf", "_mf", "_d3d12va", "_videotoolbox")


def encoders() -> list[str]:
    """Returns the names of the video encoders that need no hardware."""
    names = []
    for name in sorted(av.codecs_available):
        try:
            codec = av.codec.Codec(name, "w")
        except ValueError:
            continue
        if codec.type == "video" and codec.name == name and not name.endswith(_HARDWARE):
            names.append(name)
    return names


def encode(
    codec: str,
    container: str,
    *,
    count: int = COUNT,
    size: tuple[int, int] | None = None,
    muxer: dict[str, str] | None = None,
    **options: str,
) -> bytes:
    """Encodes numbered frames, with a keyframe every 12 and with B-frames where the codec has them.

    Args:
      codec: name of the encoder.
      container: name of the format.
      count: number of frames.
      size: height and width; small ones by default.
      muxer: options of the container.
      options: of the encoder.

    Raises:
      av.error.FFmpegError, ValueError, OverflowError: the container does not take the codec.
    """
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=muxer or {}) as target:
        stream = target.add_stream(codec, rate=RATE)
        formats = [entry.name for entry in av.codec.Codec(codec, "w").video_formats or ()] or ["yuv420p"]
        stream.pix_fmt = "yuv420p" if "yuv420p" in formats else formats[0]
        stream.height, stream.width = size or ((96, 128) if codec.startswith("h26") else (48, 64))
        context = stream.codec_context
        context.gop_size, context.thread_count, context.time_base = 12, 1, Fraction(1, RATE)
        context.bit_rate = 2_000_000  # enough that frames keep their grey levels
        reorders = codec.startswith(("mpeg", "libx26"))
        stream.options = {"strict": "-2", "x265-params": "log-level=0"} | ({"bf": "2"} if reorders else {}) | options
        for pixels in numbered_frames(count, stream.height, stream.width):
            target.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        target.mux(stream.encode(None))
    return out.getvalue()


def remux(data: bytes, container: str, *, all_keyframes: bool = False, first: int = 0) -> bytes:
    """Copies the packets into a container, from packet `first` on, perhaps all marked as keyframes."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data)) as source, av.open(out, "w", format=container) as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for number, packet in enumerate(source.demux(stream)):
            if packet.size and number >= first:
                packet.stream = copy
                packet.is_keyframe |= all_keyframes
                target.mux(packet)
    return out.getvalue()


def decode_all(data: bytes) -> np.ndarray:
    """Decodes all frames as PyAV outputs them, converted like the product's."""
    from timesuite_jax.media.frame_converter import FrameConverter

    with av.open(io.BytesIO(data)) as container:
        convert = FrameConverter(None)
        return np.stack([convert(frame) for frame in container.decode(video=0)])


def encode_with_sound(codec: str, sound: str, container: str, *, delay: int) -> bytes:
    """Encodes numbered frames that begin `delay` seconds after silent sound."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        audio = target.add_stream(sound, rate=48000)
        video = target.add_stream(codec, rate=RATE)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.options = {"strict": "-2"}
        video.codec_context.time_base, video.codec_context.bit_rate = Fraction(1, RATE), 2_000_000
        for number, pixels in enumerate(numbered_frames(COUNT)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number + RATE * delay, Fraction(1, RATE)
            target.mux(video.encode(frame))
            for part in range(5):
                silence = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.float32), format="fltp", layout="mono")
                silence.rate, silence.pts = 48000, (5 * number + part) * 960
                target.mux(audio.encode(silence))
        target.mux(video.encode(None))
        target.mux(audio.encode(None))
    return out.getvalue()


def encode_tracks(container: str, tracks: list[tuple[int, int, int]]) -> bytes:
    """Encodes several video tracks of (number of frames, height, disposition); those of one frame are JPEG pictures."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        streams = []
        for count, height, disposition in tracks:
            stream = target.add_stream("mjpeg" if count == 1 else "mpeg4", rate=RATE)
            stream.pix_fmt = "yuvj420p" if count == 1 else "yuv420p"
            stream.height, stream.width, stream.disposition = height, 64, disposition
            stream.codec_context.bit_rate = 2_000_000
            streams.append(stream)
        for stream, (count, height, _) in zip(streams, tracks, strict=True):
            for pixels in numbered_frames(count, height):
                target.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            target.mux(stream.encode(None))
    return out.getvalue()


def encode_avi_with_held_frames(held: set[int]) -> bytes:
    """Encodes an AVI in which the chunks of these numbers are empty, so that the previous frame stays on display."""
    out = io.BytesIO()
    with av.open(out, "w", format="avi") as target:
        stream = target.add_stream("mpeg4", rate=RATE)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, RATE)
        for number, pixels in enumerate(numbered_frames(COUNT)):
            if number not in held:
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, RATE)
                target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()
