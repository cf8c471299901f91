"""Videos without their sound show the same frames at the same times, or are left as they are."""

import io

import av
import numpy as np
import pytest

from tests.support import encoded_videos, sample_videos
from timesuite_jax.media import SamplingSpec, encode_mp4, index_video, sample_video
from timesuite_jax.media.remux import drop_audio, has_audio


def drop(data):
    return drop_audio(data, index_video(data), deadline_s=60)


@pytest.mark.parametrize(
    "video, audio, container",
    [("libx264", "aac", "mp4"), ("libx264", "aac", "matroska"), ("libvpx", "libopus", "webm"),
     ("mpeg4", "mp3", "avi"), ("libx264", "aac", "mpegts"), ("libx264", "aac", "flv")],
)  # fmt: skip
def test_frames_are_the_same(video, audio, container):
    data = encoded_videos.encode_with_sound(video, audio, container, delay=0)
    silent = drop(data)
    if silent is None:  # allowed, but not for what most videos are
        assert container not in ("mp4", "matroska", "webm")
        return
    assert has_audio(data, "v") and not has_audio(silent, "v") and len(silent) < len(data)
    one, other = index_video(data), index_video(silent)
    np.testing.assert_allclose(one.times, other.times, rtol=0, atol=1e-3)
    every = SamplingSpec(2 * len(one))
    np.testing.assert_array_equal(sample_video(data, every).frames, sample_video(silent, every).frames)
    assert drop(data) == silent, "the same bytes each time"


def test_a_rotated_video_stays_rotated():
    data = encode_mp4(sample_videos.numbered_frames(12), rate=12, rotation=90)
    assert index_video(data) and sample_video(data, SamplingSpec(2)).frames.shape[1:3] == (64, 48)
    silent = drop(data)
    assert silent is not None and sample_video(silent, SamplingSpec(2)).frames.shape[1:3] == (64, 48)


def test_sound_that_starts_before_the_picture_is_kept():
    """Times count from the start of the file: without the sound they would be others."""
    late = encoded_videos.encode_with_sound("libx264", "aac", "mp4", delay=2)
    assert index_video(late).times[0] == pytest.approx(2.0, abs=0.1)
    assert drop(late) is None


def test_a_video_without_sound_has_none():
    assert not has_audio(sample_videos.numbered_video(12), "v")
    with av.open(io.BytesIO(encoded_videos.encode_with_sound("libx264", "aac", "mp4", delay=0))) as container:
        assert container.streams.audio
