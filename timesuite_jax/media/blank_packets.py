"""Rejects videos whose last frames were never written."""

import numpy as np

from timesuite_jax.media.packet_table import PacketTable
from timesuite_jax.media.video_error import VideoError

# Codecs that store pixels as they are, so that zeros are a colour.
_UNCOMPRESSED = frozenset(
    [
        "rawvideo",
        "bitpacked",
        "wrapped_avframe",
        "v210",
        "v210x",
        "v308",
        "v408",
        "v410",
        "yuv4",
        "ayuv",
        "y41p",
        "012v",
        "r210",
        "r10k",
        "avrp",
        "avui",
    ]
)


def check_last_frames(packets: PacketTable, codec: str, name: str) -> None:
    """Checks that the last packet of a stream does not consist of zeros.

    An interrupted download to a file that was allocated beforehand leaves such frames at the end. Some decoders, such
    as that of VP8, take them for frames that are not displayed, others for grey pictures. Frames of zeros elsewhere are
    damage, which decoding reports.

    Args:
      packets: of the stream, in the order of the file.
      codec: its FFmpeg name.
      name: of the video, for messages.

    Raises:
      VideoError: the last packet consists of zeros.
    """
    if codec in _UNCOMPRESSED or not len(packets) or not packets.blank[-1]:
        return
    blank = len(packets) - 1 - int(np.max(np.flatnonzero(~packets.blank), initial=-1))
    raise VideoError(
        name,
        f"is truncated: its last {blank} of {len(packets)} frames consist of zeros",
        "download it again or re-encode it",
        "truncated",
    )
