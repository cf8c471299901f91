"""Every codec in every container gives the frames of a plain decode, at their times, in any selection."""

import av
import av.error
import numpy as np
import pytest

from tests.support import encoded_videos, sample_videos
from timesuite_jax.media import decode_frames, index_video

SAMPLE = [
    ("libx264", "mp4"), ("libx264", "avi"), ("libx264", "flv"), ("libx264", "mpegts"), ("libx265", "matroska"),
    ("libvpx", "webm"), ("mpeg4", "mp4"), ("mpeg4", "avi"), ("mpeg4", "3gp"), ("mpeg2video", "mpegts"),
    ("mpeg1video", "mpeg"), ("msmpeg4", "avi"), ("wmv2", "asf"), ("flv", "flv"), ("gif", "gif"), ("mjpeg", "avi"),
]  # fmt: skip


def check(data: bytes) -> None:
    """Compares an index and selections of frames with a plain decode of the whole video."""
    expected = encoded_videos.decode_all(data)
    index = index_video(data)
    assert len(index) == len(expected)
    np.testing.assert_allclose(index.times, np.arange(len(expected)) / encoded_videos.RATE, atol=0.002)
    np.testing.assert_array_equal(decode_frames(data, index, range(len(index))), expected)
    rng = np.random.default_rng(0)
    for count in (1, 1, 2, 3, 5):
        numbers = np.sort(rng.choice(len(index), count, replace=False))
        np.testing.assert_array_equal(decode_frames(data, index, numbers), expected[numbers])


@pytest.mark.parametrize("codec, container", SAMPLE)
def test_frames_equal_a_plain_decode(codec, container):
    data = encoded_videos.encode(codec, container)
    check(data)
    index = index_video(data)
    assert index.duration == pytest.approx(encoded_videos.COUNT / encoded_videos.RATE, abs=0.07)
    if codec != "gif":  # its palette changes the colours
        frames = decode_frames(data, index, range(len(index)))
        assert [sample_videos.number_of(frame) for frame in frames] == list(range(encoded_videos.COUNT))


@pytest.mark.parametrize("codec", ["mpeg4", "msmpeg4", "wmv2", "h263", "libx264", "mpeg2video", "flv", "mpeg1video"])
def test_a_container_that_marks_every_frame_as_keyframe_is_not_believed(codec):
    for container in ("avi", "mp4", "matroska", "mov", "asf"):
        try:
            data = encoded_videos.remux(encoded_videos.encode(codec, "nut"), container, all_keyframes=True)
        except (av.error.FFmpegError, ValueError):
            continue
        check(data)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg2video", "mpeg4"])
@pytest.mark.parametrize("lengths", [(40, 40), (25, 40), (40, 7)])
def test_joined_recordings_follow_each_other(codec, lengths):
    parts = [encoded_videos.encode(codec, "mpegts", count=count) for count in lengths]
    data = b"".join(parts)
    expected = np.concatenate([encoded_videos.decode_all(part) for part in parts])
    index = index_video(data)
    assert index.recordings == 2
    np.testing.assert_allclose(index.times, np.arange(sum(lengths)) / encoded_videos.RATE, atol=0.002)
    np.testing.assert_array_equal(decode_frames(data, index, range(len(index))), expected)
    for number in (0, 3, lengths[0] - 1, lengths[0], sum(lengths) - 1):
        np.testing.assert_array_equal(decode_frames(data, index, [number])[0], expected[number])


@pytest.mark.parametrize("options", [{"x264-params": "open-gop=1"}, {"x264-params": "intra-refresh=1"}])
@pytest.mark.parametrize("container", ["mp4", "mpegts", "matroska"])
def test_open_groups_and_gradual_refresh(options, container):
    check(encoded_videos.encode("libx264", container, **options))


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_frames_before_the_first_keyframe_are_left_out(codec):
    whole = encoded_videos.encode(codec, "mpegts")
    data = encoded_videos.remux(whole, "mpegts", first=5)
    index = index_video(data)
    frames = decode_frames(data, index, range(len(index)))
    numbers = [sample_videos.number_of(frame) for frame in frames]
    assert numbers == list(range(encoded_videos.COUNT - len(index), encoded_videos.COUNT)) and len(index) >= 24
    assert index.times[0] == pytest.approx(0.1 * (numbers[0] - 5), abs=0.11)


@pytest.mark.nightly
@pytest.mark.parametrize("codec", encoded_videos.encoders())
def test_every_codec_in_every_container(codec):
    checked = 0
    for container in encoded_videos.CONTAINERS:
        try:
            data = encoded_videos.encode(codec, container)
            if len(encoded_videos.decode_all(data)) < 2:
                continue  # the container stores one picture
        except (av.error.FFmpegError, ValueError, IndexError, OverflowError):
            continue  # the container does not take the codec
        if (codec, container) in {("h263", "mpeg"), ("h263p", "mpeg")}:
            continue  # program streams have no H.263: the demuxer cannot find its packets
        check(data)
        checked += 1
    if not checked:
        pytest.skip("in no container that PyAV writes")
