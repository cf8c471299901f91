"""Sampled frame numbers and their timestamps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import sample_videos
from timesuite_jax.errors import UserError
from timesuite_jax.media import SamplingSpec, VideoError, choose_frames, index_video, sample_video


def test_middle_sampling_selects_middles_of_equal_segments():
    video = sample_video(sample_videos.numbered_video(60, rate=12), SamplingSpec(8))
    assert [sample_videos.number_of(frame) for frame in video.frames] == [3, 11, 18, 26, 33, 41, 48, 56]
    np.testing.assert_allclose(video.seconds, np.array([3, 11, 18, 26, 33, 41, 48, 56]) / 12, atol=1e-6)
    assert video.duration == pytest.approx(5.0)


def test_variable_frame_rate_is_sampled_by_time():
    # 20 frames in the first second, then one every half second: frame numbers are not proportional to time.
    seconds = [*np.arange(20) / 20, *(1 + np.arange(20) / 2)]
    data = sample_videos.encode_mp4(sample_videos.numbered_frames(40), seconds=seconds, crf=10)
    np.testing.assert_allclose(index_video(data).times, seconds, atol=1e-5)
    video = sample_video(data, SamplingSpec(4))
    numbers = [sample_videos.number_of(frame) for frame in video.frames]
    np.testing.assert_allclose(video.seconds, np.asarray(seconds)[numbers], atol=1e-5)
    assert np.all(np.abs(video.seconds - (np.arange(4) + 0.5) * video.duration / 4) < 0.5)


def test_clip_timestamps_are_relative_to_its_start():
    video = sample_video(sample_videos.numbered_video(60, rate=12), SamplingSpec(3), clip=(2.0, 4.1))
    assert [sample_videos.number_of(frame) for frame in video.frames] == [28, 36, 45]
    np.testing.assert_allclose(video.seconds, [4 / 12, 1.0, 21 / 12], atol=1e-5)
    assert video.duration == pytest.approx(2.1)


def test_clip_end_is_limited_to_the_duration():
    video = sample_video(sample_videos.numbered_video(60, rate=12), SamplingSpec(2), clip=(4.0, 9.0))
    assert video.duration == pytest.approx(1.0)


def test_index_clock_adds_a_tenth_within_a_clip():
    spec = SamplingSpec.from_variant("upstream_middle", 3)
    video = sample_video(sample_videos.numbered_video(60, rate=12), spec, clip=(2.0, 4.0))
    numbers = [sample_videos.number_of(frame) for frame in video.frames]
    np.testing.assert_allclose(video.seconds, np.round(np.array(numbers) / 12 - 2 + 0.1, 1))


@pytest.mark.parametrize("variant", ["upstream_middle", "upstream_random"])
def test_index_clock_does_not_limit_a_clip_to_the_video(variant):
    """As upstream, where a decoder then fails; see also tests/parity."""
    times, spec = np.arange(60) / 12, SamplingSpec.from_variant(variant, 4)
    rng = np.random.default_rng(0)
    numbers, _ = choose_frames(times, 5.0, 12.0, spec, clip=(1.0, 5.05), rng=rng)
    assert numbers[0] >= 12
    with pytest.raises(
        VideoError, match=r"clip.mp4 has no frame \d+, which its clip from 1 to 30 s needs .*60 frames.*middle"
    ):
        choose_frames(times, 5.0, 12.0, spec, clip=(1.0, 30.0), rng=rng, name="clip.mp4")
    with pytest.raises(VideoError, match=r"no frame in its clip from 1 to 1\.05 s at 12 frames per second"):
        choose_frames(times, 5.0, 12.0, spec, clip=(1.0, 1.05), rng=rng)
    numbers, _ = choose_frames(times, 5.0, 12.0, spec, clip=(1.0, np.inf), rng=rng)  # from a second to the end
    assert numbers[0] >= 12 and numbers[-1] < 60


def test_evaluation_grid_of_a_clip_ends_with_the_video():
    """Upstream's rule for evaluations with clips: frames round(start * rate) to round(end * rate), or the last one."""
    times, spec = np.arange(60) / 12, SamplingSpec.from_variant("upstream_evaluation", 4)
    # Frames 14 to 59 (start 1.2 s, end after the video): segments of 11.25 frames, from 14 + floor(5.625).
    numbers, seconds = choose_frames(times, 5.0, 12.0, spec, clip=(1.2, 30.0))
    assert numbers.tolist() == [19, 30, 41, 53]
    np.testing.assert_allclose(seconds, [0.5, 1.4, 2.3, 3.3])
    numbers, _ = choose_frames(times, 5.0, 12.0, spec, clip=(1.2, 2.2))  # 14 to 26
    assert numbers.tolist() == [15, 18, 21, 24]


def test_one_frame_a_second():
    """Upstream's rule for Video-MME: its evaluation grid on the frames of whole seconds, which are the time stamps."""
    times, spec = np.arange(75) / 7.5, SamplingSpec.from_variant("upstream_each_second", 4)
    numbers, seconds = choose_frames(times, 10.0, 7.5, spec)  # ten frames: segments of 2.25, from 1
    assert seconds.tolist() == [1.0, 3.0, 5.0, 8.0]  # 2.25, 4.5 and 6.75 are rounded to even
    assert numbers.tolist() == [7, 22, 37, 60]
    numbers, seconds = choose_frames(times, 10.0, 7.5, spec, clip=(9.5, 10.0))
    assert seconds.tolist() == [0.0] * 4 and numbers.tolist() == [71] * 4


def test_random_sampling_is_determined_by_its_generator():
    spec = SamplingSpec.from_variant("random", 16)
    with pytest.raises(ValueError, match="needs rng"):
        choose_frames(np.arange(60) / 12, 5.0, 12.0, spec)
    for variant in ("random", "upstream_random"):
        spec = SamplingSpec.from_variant(variant, 16)
        draws = [choose_frames(np.arange(90) / 12, 7.5, 12.0, spec, rng=np.random.default_rng(s))[0] for s in (1, 1, 2)]
        np.testing.assert_array_equal(draws[0], draws[1])
        assert np.any(draws[0] != draws[2]) and np.all(np.diff(draws[0]) >= 0)


def test_invalid_variants_are_rejected():
    with pytest.raises(UserError, match=r"unknown sampling 'centre'.*middle, random"):
        SamplingSpec.from_variant("centre", 8)
    with pytest.raises(ValueError, match="needs clock='index'"):
        SamplingSpec(8, "grid")
    assert SamplingSpec(8).deterministic and not SamplingSpec(8, "random").deterministic


@given(
    gaps=st.lists(st.floats(0.01, 2.0), min_size=1, max_size=60),
    frames=st.integers(1, 40),
    variant=st.sampled_from(["middle", "random", "upstream_middle", "upstream_random", "upstream_evaluation"]),
    clip=st.one_of(st.none(), st.tuples(st.floats(0, 0.9), st.floats(0.05, 1.0))),
)
def test_every_variant_yields_ordered_frames_inside_the_video(gaps, frames, variant, clip):
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    duration = float(times[-1] + gaps[-1])
    window = None if clip is None else (clip[0] * duration, clip[0] * duration + clip[1] * duration)
    rate = (len(times) - 1) / times[-1]
    spec = SamplingSpec.from_variant(variant, frames)
    try:
        numbers, seconds = choose_frames(times, duration, rate, spec, clip=window, rng=np.random.default_rng(0))
    except VideoError as error:
        # By frame number, a clip may have no frame or, if it ends after the video, one that does not exist.
        assert spec.clock == "index" and spec.place != "grid" and window is not None and "has no frame" in str(error)
        return
    assert len(numbers) == len(seconds) == frames
    assert np.all(np.diff(numbers) >= 0) and numbers[0] >= 0 and numbers[-1] < len(times)
    assert np.all(seconds >= 0)
    if spec.clock == "pts":
        start = window[0] if window else 0.0
        np.testing.assert_allclose(seconds, np.maximum(times[numbers] - start, 0))
        assert np.all(np.diff(seconds) >= 0)
