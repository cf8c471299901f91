"""Decodes the frames that a function of a video's index chooses."""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from jaxtyping import Int, UInt8

from timesuite_jax.media.deadline import Deadline
from timesuite_jax.media.decode import decode_frames
from timesuite_jax.media.frame_converter import Resize
from timesuite_jax.media.video_error import DamagedFrame
from timesuite_jax.media.video_file import Source
from timesuite_jax.media.video_index import VideoIndex, index_video

Facts = TypeVar("Facts")


def decode_chosen(
    source: Source,
    choose: Callable[[VideoIndex], tuple[Int[np.ndarray, " T"], Facts]],
    *,
    name: str,
    deadline: Deadline,
    resize: Resize | None = None,
    threads: int = 1,
) -> tuple[UInt8[np.ndarray, "T H W 3"], Facts, VideoIndex]:
    """Indexes a video, chooses frames and decodes them.

    Args:
      source: path or encoded bytes.
      choose: returns T frame numbers, in any order, and facts about them; called again if the index was wrong.
      name: of the video, for error messages.
      deadline: limit of wall time.
      resize: see `decode_frames`.
      threads: decoder threads.

    Returns:
      The frames in the order of their numbers, the facts, and the index.

    Raises:
      VideoError: the video cannot be used.
    """
    exact = False
    while True:
        index = index_video(source, name=name, deadline=deadline, threads=threads, exact=exact)
        numbers, facts = choose(index)
        needed, places = np.unique(numbers, return_inverse=True)
        try:
            frames = decode_frames(source, index, needed, resize=resize, threads=threads, deadline=deadline)
        except DamagedFrame:
            # Unless the stream was decoded to index it, the index may be wrong about which packets become frames.
            if index.order.exact:
                raise
            exact = True
        else:
            in_order = len(needed) == len(numbers) and np.all(np.diff(places) == 1)
            return frames if in_order else frames[places], facts, index
