"""Frames of every width and pixel format equal a plain conversion, scaled and not, in every column."""

import gc
import io

import av
import numpy as np
import pytest

from tests.support.sample_videos import numbered_video
from timesuite_jax.media.frame_converter import FrameConverter

EVERYDAY = [(854, 480), (360, 640), (406, 720), (640, 360), (480, 854), (426, 240), (720, 406), (1366, 768), (202, 360)]
# swscale's direct conversion repeats chroma samples, others interpolate them: one of them in a gradient of 200 levels
# over 16 pixels differs by 200 / 16 levels; and two roundings each of three channels.
TOLERANCE = 200 / 16 + 6


def pixel_formats() -> list[str]:
    """Returns the formats of 8 and 10 bits with three colours that codecs use."""
    names = set()
    for codec in av.codecs_available:
        try:
            names |= {entry.name for entry in av.codec.Codec(codec, "w").video_formats or ()}
        except ValueError:  # no encoder; decoders do not list their formats
            continue
    formats = (av.VideoFormat(name) for name in names)
    return sorted(
        entry.name
        for entry in formats
        if len(entry.components) >= 3 and all(part.bits in (8, 10) for part in entry.components)
    )


def check(pix_fmt: str, width: int, height: int) -> None:
    rows, columns = np.mgrid[0:height, 0:width]
    picture = np.stack([20 + 200 * columns // width, 20 + 200 * rows // height, np.full_like(rows, 120)], axis=-1)
    frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24").reformat(format=pix_fmt)
    for size in ((height, width), (height // 2, width // 2 + 1), (height + 4, width + 7)):
        conversions = []
        for fill in (0, 255):
            junk = [np.full(3 * size[0] * (size[1] + 32), fill, np.uint8) for _ in range(4)]
            del junk  # reused by the next allocation, so that pixels that are not set show it
            conversions.append(FrameConverter(lambda h, w, size=size: size)(frame))
        message = f"{pix_fmt} {width}x{height} to {size}"
        np.testing.assert_array_equal(*conversions, err_msg=message)
        filter_ = "AREA" if size[0] < height else "BICUBIC"
        plain = frame.reformat(size[1], size[0], "rgb24", interpolation=filter_).to_ndarray()
        assert np.abs(conversions[0].astype(int) - plain).max() <= TOLERANCE, message


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuvj420p", "yuva420p", "nv12", "yuv420p10le", "rgb24"])
def test_frames_equal_a_plain_conversion(pix_fmt):
    for width in (*range(16, 50), 136, 160, 202, 360, 406):
        check(pix_fmt, width, 24)
    check(pix_fmt, 34, 25)


@pytest.mark.nightly
@pytest.mark.parametrize("pix_fmt", pixel_formats())
def test_every_format_and_width_equals_a_plain_conversion(pix_fmt):
    for width in range(16, 161):
        for height in (24, 25):
            check(pix_fmt, width, height)
    for width, height in EVERYDAY:
        check(pix_fmt, width, height)


def test_converted_frames_are_freed_at_once():
    """A reference cycle would withhold a frame's memory from the decoder until a garbage collection."""
    data = numbered_video(20)
    with av.open(io.BytesIO(data)) as container:
        convert = FrameConverter(None)
        frames = container.decode(video=0)
        convert(next(frames))
        gc.collect()
        gc.disable()
        try:
            for frame in frames:
                convert(frame)
            del frame
            assert gc.collect() == 0
        finally:
            gc.enable()
