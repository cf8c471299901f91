"""The default track that is not a still picture is used, and its times are those of a player."""

import av.stream
import numpy as np
import pytest

from tests.support import encoded_videos, sample_videos
from timesuite_jax.media import (
    SamplingSpec,
    VideoError,
    decode_frames,
    index_video,
    sample_video,
    video_notes,
)

DEFAULT, COVER = av.stream.Disposition.default, av.stream.Disposition.attached_pic
NONE = av.stream.Disposition(0)
# Tracks (frames, height, disposition), and the height of the main one.
TRACKS = {
    "picture first": ([(1, 96, NONE), (40, 48, NONE)], 48),
    "default picture first": ([(1, 96, DEFAULT), (40, 48, NONE)], 48),
    "cover first": ([(1, 96, COVER), (40, 48, DEFAULT)], 48),
    "cover last": ([(40, 48, DEFAULT), (1, 96, COVER)], 48),
    "default second": ([(40, 96, NONE), (40, 48, DEFAULT)], 48),
    "thumbnails first": ([(40, 32, DEFAULT), (40, 48, DEFAULT)], 48),
    "two defaults": ([(40, 48, DEFAULT), (40, 48, DEFAULT)], 48),
}


@pytest.mark.parametrize("case", TRACKS)
@pytest.mark.parametrize("container", ["matroska", "mov", "asf", "nut"])
def test_the_main_track_is_used(case, container):
    tracks, height = TRACKS[case]
    if "default second" in case and container == "asf":
        pytest.skip("the container has no default track")
    data = encoded_videos.encode_tracks(container, tracks)
    index = index_video(data)
    frames = decode_frames(data, index, [0, 7, 39])
    assert len(index) == 40 and frames.shape[1] == height
    assert [sample_videos.number_of(frame) for frame in frames] == [0, 7, 39]


def test_a_file_of_pictures_alone_is_rejected():
    with pytest.raises(VideoError, match="single frame"):
        index_video(encoded_videos.encode_tracks("matroska", [(1, 48, NONE), (1, 96, NONE)]))


@pytest.mark.parametrize(
    "codec, sound, container",
    [
        ("libx264", "aac", "mp4"),
        ("libx264", "aac", "mov"),
        ("libx264", "aac", "matroska"),
        ("libx264", "aac", "mpegts"),
        ("libx264", "aac", "flv"),
        ("libvpx", "libopus", "webm"),
        ("wmv2", "aac", "asf"),
        ("mpeg2video", "mp2", "mpeg"),
    ],
)
@pytest.mark.parametrize("delay", [0, 1, 3])
def test_times_count_from_the_start_of_the_sound(codec, sound, container, delay):
    data = encoded_videos.encode_with_sound(codec, sound, container, delay=delay)
    index = index_video(data)
    # The encoder of the sound begins up to 1024 samples early, and program streams start their sound 10 ms early.
    np.testing.assert_allclose(index.times, delay + np.arange(40) / 10, atol=0.025)
    assert index.duration == pytest.approx(delay + 4, abs=0.03)
    assert video_notes(index) == [] if not delay else f"at {index.times[0]:.2f} s" in video_notes(index)[0].text
    numbers = decode_frames(data, index, [0, 20, 39])
    assert [sample_videos.number_of(frame) for frame in numbers] == [0, 20, 39]


def test_the_index_clock_counts_frames_and_not_seconds_of_sound():
    data = encoded_videos.encode_with_sound("libx264", "aac", "mp4", delay=2)
    player = sample_video(data, SamplingSpec(4))
    upstream = sample_video(data, SamplingSpec.from_variant("upstream_middle", 4))
    assert player.duration == pytest.approx(6) and upstream.duration == pytest.approx(4)
    assert [sample_videos.number_of(frame) for frame in upstream.frames] == [4, 14, 24, 34]
    np.testing.assert_allclose(upstream.seconds, [0.4, 1.4, 2.4, 3.4])
    # Before the first frame, at 0.75 s, players display that frame, which keeps its own time.
    assert [sample_videos.number_of(frame) for frame in player.frames] == [0, 2, 17, 32]
    np.testing.assert_allclose(player.seconds, [2, 2.2, 3.7, 5.2])
