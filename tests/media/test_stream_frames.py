"""Frames decoded one by one equal those of `decode_frames`, for ordinary streams and for those decoded in full."""

import dataclasses

import numpy as np
import pytest

from tests.support.sample_videos import numbered_video
from timesuite_jax.media import VideoError, decode_frames, index_video, stream_frames


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("numbers", [[0], [59], [3, 4, 5, 30, 59], list(range(60))])
def test_equals_decode_frames(numbers, exact):
    video = numbered_video(60)
    index = index_video(video, exact=exact)
    found = list(stream_frames(video, index, np.asarray(numbers)))
    assert [number for number, _ in found] == numbers
    np.testing.assert_array_equal(np.stack([frame for _, frame in found]), decode_frames(video, index, numbers))


def test_a_frame_that_cannot_be_decoded_is_named():
    video = numbered_video(60)
    index = index_video(video)
    order = index.order
    broken = dataclasses.replace(
        index, order=dataclasses.replace(order, frames=np.where(order.frames == 7, 10**6, order.frames))
    )
    number = int(np.flatnonzero(order.frames == 7)[0])
    with pytest.raises(VideoError, match=f"number {number} of 60"):
        list(stream_frames(video, broken, np.arange(60)))
