"""The decoding benchmark compares methods that return the same frames."""

import clip_throughput
import numpy as np

from tests.support import sample_videos


def test_methods_return_the_same_frames(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(sample_videos.numbered_video(50))
    found = clip_throughput.methods(4, 32, 1)
    first, *_, last = found
    assert (first, last) == ("PyAV", "ours")
    for method in found.values():
        frames = method(path)
        assert frames.shape == (4, 32, 32, 3) and frames.dtype == np.uint8
        assert [sample_videos.number_of(frame) for frame in frames] == [6, 18, 31, 43]  # tick 12.5
    rates = clip_throughput.measure([path], found, 4, 1)
    assert rates["a.mp4"].keys() == found.keys() and all(rate > 0 for rate in rates["a.mp4"].values())
