"""Converts decoded frames to upright RGB arrays of the requested size."""

from collections.abc import Callable

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from jaxtyping import UInt8

from timesuite_jax.media.orientation import Orientation

Resize = Callable[[int, int], tuple[int, int]]  # (height, width) of the upright frame to those of the result

# Formats that swscale converts to RGB by a separate routine if the frame is not scaled and its height is even.
_DIRECT_FORMATS = ("yuv420p", "yuvj420p", "yuva420p", "yuv422p", "yuvj422p")


class FrameConverter:
    """Converts frames to upright RGB arrays with one scaler for the whole video."""

    def __init__(self, resize: Resize | None):
        self._resize = resize
        self._scaler = VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> UInt8[np.ndarray, "H W 3"]:
        """Returns the frame upright, as RGB, resized."""
        orientation = Orientation.of_frame(frame)
        height, width = frame.height, frame.width
        if self._resize is not None:
            if orientation.transpose:
                width, height = self._resize(width, height)
            else:
                height, width = self._resize(height, width)
        scaled = (height, width) != (frame.height, frame.width)
        shrinks = scaled and height <= frame.height and width <= frame.width
        filter_ = Interpolation.AREA if shrinks else Interpolation.BICUBIC
        # When scaling to packed RGB, or converting 10-bit or nv12 to it, swscale halves the horizontal resolution of
        # chroma and loses one to three levels of luma. Planar RGB has neither fault and scales faster.
        # Unscaled 8-bit frames are the exception: swscale converts them by a separate routine, which leaves the last
        # columns of planar RGB uninitialised at many widths, and is correct for packed RGB.
        direct = not scaled and height % 2 == 0 and frame.format.name in _DIRECT_FORMATS
        format_ = "rgb24" if direct else "gbrp"
        rgb = self._scaler.reformat(frame, width=width, height=height, format=format_, interpolation=filter_, threads=1)
        return orientation.upright(rgb.to_ndarray())
