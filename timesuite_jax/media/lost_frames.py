"""Finds packets that a decoder accepts without ever giving a frame for them."""

import numpy as np
from jaxtyping import Int

from timesuite_jax.media.packet_table import NO_STAMP, PacketTable

# So many lost frames in a row are damage. Fewer may be: what a decoder holds back when a stream changes its frame size,
# and pictures that refer to others before a join.
_DAMAGE = 17  # more than the largest decoded picture buffer of H.264 and HEVC
_HIDDEN = frozenset(["vp9", "av1", "libdav1d"])  # single packets may be reference frames that are not displayed


def lost_frames(
    packets: PacketTable,
    positions: Int[np.ndarray, " frames"],
    failed: list[int],
    interlaced: set[int],
    codec: str,
) -> tuple[list[int], int]:
    """Returns the packets of long runs without a frame, and the number of others.

    Not counted are packets before the first frame, in decoding order or in time, placeholders, second fields of a
    picture, and what may follow the last frame, such as an end code.

    Args:
      packets: of the stream.
      positions: packets of the frames that were output.
      failed: packets that the decoder rejected with an error.
      interlaced: those of `positions` that are interlaced.
      codec: name of the decoder.
    """
    if not len(positions):
        return [], 0
    missing = packets.displayed & packets.one_frame
    missing[positions] = missing[failed] = False
    first = int(np.min(positions))
    missing[:first] = False
    if packets.pts[first] != NO_STAMP:
        missing &= (packets.pts == NO_STAMP) | (packets.pts > np.min(packets.pts[positions]))
    lost = np.flatnonzero(missing)
    runs = np.split(lost, np.flatnonzero(np.diff(lost) > 1) + 1)
    damaged = [int(position) for run in runs if len(run) >= _DAMAGE for position in run]
    count = 0
    for run in runs:
        single = len(run) == 1 and (codec in _HIDDEN or run[0] - 1 in interlaced or run[0] == len(packets) - 1)
        if 0 < len(run) < _DAMAGE and not single:
            count += len(run)
    return damaged, count
