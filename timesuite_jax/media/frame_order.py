"""The order in which frames are displayed, and where decoding starts for each: what both ways of indexing find."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

# Codecs whose decoders set `key_frame` from the bitstream, and need nothing from before such a frame. The others keep
# state that a flush does not reset, or trust the container's mark.
RESTARTABLE_CODECS = frozenset(
    [
        "h264",
        "hevc",
        "vvc",
        "vp8",
        "vp9",
        "av1",
        "libdav1d",
        "mpeg1video",
        "mpeg2video",
        "mpeg4",
        "msmpeg4v1",
        "msmpeg4v2",
        "msmpeg4",
        "wmv1",
        "wmv2",
        "wmv3",
        "vc1",
        "h263",
        "h263p",
        "flv",
        "theora",
    ]
)


@dataclass(frozen=True)
class FrameOrder:
    """The frames of a stream in the order of display.

    Attributes:
      frames: identity of each frame: the position of its packet in decoding order, which the decoder passes on to the
        frame; the position in decoding output instead if `counted`.
      starts: position of the packet at which decoding has to start for each frame.
      counted: packets and frames are not one to one.
      exact: found by decoding the whole stream; otherwise concluded from the packets.
      lost: number of packets without a frame, other than damaged ones, if `exact` and not `counted`.
    """

    frames: Int[np.ndarray, " frames"]
    starts: Int[np.ndarray, " frames"]
    counted: bool
    exact: bool
    lost: int = 0

    def __len__(self) -> int:
        return len(self.frames)
