"""Windows of a video, decoded in one pass: the frames of clips, in memory that does not grow with the video."""

import subprocess
import sys

import numpy as np
import pytest

from tests.support.sample_videos import numbered_frames, numbered_video
from timesuite_jax.media import SamplingSpec, VideoError, encode_mp4, sample_video, sample_windows, write_mp4
from timesuite_jax.media.sampling import SampledVideo

WINDOWS = [(0.0, 2.0), (1.0, 3.0), (1.5, 3.5), (3.0, 9.0)]  # overlapping; the last one ends after the video


def assert_same(found: SampledVideo, expected: SampledVideo) -> None:
    np.testing.assert_array_equal(found.frames, expected.frames)
    np.testing.assert_array_equal(found.seconds, expected.seconds)
    assert (found.duration, found.video_duration) == (expected.duration, expected.video_duration)


@pytest.mark.parametrize("first", [0, 2])
def test_windows_are_clips(first):
    video, spec = numbered_video(60), SamplingSpec(8)
    found = list(sample_windows(video, spec, WINDOWS, name="video", first=first))
    assert len(found) == len(WINDOWS) - first
    for window, sampled in zip(WINDOWS[first:], found, strict=True):
        assert_same(sampled, sample_video(video, spec, clip=window))


def test_windows_of_a_variable_frame_rate_are_clips():
    seconds = np.concatenate([np.arange(20) / 10, 2 + np.arange(20) / 4])
    video, spec = encode_mp4(numbered_frames(40), seconds=seconds.tolist()), SamplingSpec(8)
    for window, sampled in zip(WINDOWS, sample_windows(video, spec, WINDOWS, name="video"), strict=True):
        assert_same(sampled, sample_video(video, spec, clip=window))


def test_a_window_outside_the_video_is_an_error():
    with pytest.raises(VideoError, match="has no clip"):
        list(sample_windows(numbered_video(60), SamplingSpec(8), [(0.0, 2.0), (6.0, 8.0)], name="video"))


@pytest.mark.parametrize("spec", [SamplingSpec(8, place="random"), SamplingSpec(8, clock="index")])
def test_random_windows_and_those_by_frame_numbers_are_rejected(spec):
    with pytest.raises(ValueError, match="deterministically by time stamps"):
        list(sample_windows(numbered_video(60), spec, WINDOWS, name="video"))


def test_memory_does_not_grow_with_the_video(tmp_path):
    """An hour in 60 windows of 8 frames: 94 MB of frames, of which two windows are held at a time."""
    write_mp4(tmp_path / "minute.mp4", numbered_frames(60), rate=1.0, keyframe_every=10)
    write_mp4(tmp_path / "hour.mp4", numbered_frames(3600), rate=1.0, keyframe_every=10)
    size, frames = 256, 8
    program = f"""
import resource, sys
from timesuite_jax.media import SamplingSpec, sample_windows

def peak(video, windows):
    spans = [(60.0 * n, 60.0 * n + 60.0) for n in range(windows)]
    sampled = sample_windows(video, SamplingSpec({frames}), spans, name=video, resize=lambda h, w: ({size}, {size}))
    assert sum(len(window.frames) for window in sampled) == {frames} * windows
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

first = peak({str(tmp_path / "minute.mp4")!r}, 1)
unit = 1 if sys.platform == "darwin" else 1024
print((peak({str(tmp_path / "hour.mp4")!r}, 60) - first) * unit)
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    window = frames * size * size * 3
    # A window that is held while the next one is decoded, as frames and stacked, and as much again of what malloc
    # keeps. The index has 150 bytes a frame.
    assert int(out) < 2 * 2 * 2 * window + 150 * 3600 < 60 * window / 4
