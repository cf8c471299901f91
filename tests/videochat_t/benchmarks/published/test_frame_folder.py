"""Folders of JPEGs as videos."""

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.media import decode_jpegs, encode_jpeg
from timesuite_jax.videochat_t.benchmarks.published.video_root import VideoRoot


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tvqa/house").mkdir(parents=True)
    for number in range(1, 13):
        frame = np.full((16, 16, 3), 20 * number, np.uint8)
        (tmp_path / f"tvqa/house/{number:05d}.jpg").write_bytes(encode_jpeg(frame))
    return VideoRoot(tmp_path)


def test_a_clip_of_the_frames(root):
    record = root.find("tvqa/house", (1.0, 2.0))
    assert record.frame_times == pytest.approx((0.0, 1 / 3, 2 / 3, 1.0)) and record.duration == 1.0
    levels = [frame.mean() for frame in decode_jpegs(record.frames, name="house")]
    assert levels == pytest.approx([60, 80, 100, 120], abs=2)
    assert root.missing(["tvqa/house", "tvqa/other"]) == ["tvqa/other"]


def test_all_frames_and_none(root):
    assert len(root.find("tvqa/house").frames) == 12
    with pytest.raises(UserError, match="video tvqa/house has no frame from 7 to 9 s"):
        root.find("tvqa/house", (7.0, 9.0))
