"""Reads how a stored frame must be transposed and flipped to be displayed upright."""

import math
from typing import NamedTuple

import av
import numpy as np
from av.sidedata.sidedata import SideDataContainer
from jaxtyping import UInt8


class Orientation(NamedTuple):
    """One of the eight orientations: transposes a frame, then flips its rows and columns."""

    transpose: bool
    flip_rows: bool
    flip_columns: bool

    @classmethod
    def of_frame(cls, frame: av.VideoFrame) -> "Orientation":
        """Reads the display matrix of a frame: the nearest quarter turn, with or without a mirror."""
        try:
            # `frame.side_data` refers to the frame and is kept in it: such a cycle would withhold the frame's memory
            # from the decoder until a garbage collection.
            matrix = SideDataContainer(frame).get("DISPLAYMATRIX")  # pyright: ignore[reportCallIssue]
        except ValueError:  # PyAV cannot list side data with a type that it does not know
            matrix = None
        if matrix is None:
            angle = math.radians(frame.rotation)
            a, b, c, d = math.cos(angle), -math.sin(angle), math.sin(angle), math.cos(angle)
        else:
            # Row-major 3 x 3 in fixed point, libavutil/display.h: x' = a x + c y, y' = b x + d y.
            a, b, _, c, d, *_ = np.frombuffer(matrix, np.int32)
        if abs(b) > abs(a):
            return cls(True, b < 0, c < 0)
        return cls(False, d < 0, a < 0)

    def upright(self, frame: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "H_out W_out 3"]:
        """Applies the orientation to a stored frame."""
        if self.transpose:
            frame = frame.transpose(1, 0, 2)
        rows, columns = (slice(None, None, -1 if flip else 1) for flip in (self.flip_rows, self.flip_columns))
        return np.ascontiguousarray(frame[rows, columns])
