"""Decoding of selected frames returns the same frames as decoding the whole video."""

import io

import av
import numpy as np
import pytest

from tests.support import sample_videos
from timesuite_jax.media import SamplingSpec, VideoError, decode_frames, encode_mp4, index_video, sample_video


def all_frames(data: bytes) -> np.ndarray:
    with av.open(io.BytesIO(data)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("keyframe_every", [250, 7])
def test_selected_frames_equal_a_full_decode(keyframe_every, threads):
    data = sample_videos.numbered_video(60, keyframe_every=keyframe_every)
    index = index_video(data)
    assert len(index) == 60 and len(np.unique(index.order.starts)) >= 60 / keyframe_every
    whole = all_frames(data)
    for numbers in ([0], [59], [3, 3, 4], [5, 40, 41, 58], list(range(60))):
        np.testing.assert_array_equal(decode_frames(data, index, numbers, threads=threads), whole[numbers])


def test_groups_of_pictures_without_selected_frames_are_not_decoded(monkeypatch):
    data = sample_videos.numbered_video(60, keyframe_every=5)
    index = index_video(data)
    decoded = []
    plain = av.codec.context.CodecContext.decode

    class Counting:
        def __init__(self, context):
            object.__setattr__(self, "context", context)

        def __getattr__(self, name):
            return getattr(self.context, name)

        def __setattr__(self, name, value):
            setattr(self.context, name, value)

        def decode(self, packet=None):
            decoded.append(packet)
            return plain(self.context, packet)

    class Stream:
        def __init__(self, stream):
            self.codec_context = Counting(stream.codec_context)

    class Container:
        def __init__(self, container):
            self.container = container
            self.streams = [Stream(container.streams[0])]

        def __enter__(self):
            return self

        def __exit__(self, *exc):
            self.container.close()

        def demux(self, stream):
            return self.container.demux(self.container.streams[0])

    monkeypatch.setattr(
        "timesuite_jax.media.decode.open_video", lambda source, name: Container(av.open(io.BytesIO(source)))
    )
    frames = decode_frames(data, index, [2, 52])
    assert [sample_videos.number_of(frame) for frame in frames] == [2, 52]
    assert len(decoded) < 25  # of 60: two groups of five, and the packets needed for reordering


def test_resizing_during_decoding():
    frames = sample_video(sample_videos.numbered_video(), SamplingSpec(4), resize=lambda h, w: (h // 2, w // 4)).frames
    assert frames.shape == (4, 24, 16, 3)
    assert [sample_videos.number_of(frame) for frame in frames] == [7, 22, 37, 52]


@pytest.mark.parametrize("colour", [(200, 100, 50), (30, 160, 90), (128, 128, 128), (60, 40, 220)])
@pytest.mark.parametrize("size", [(24, 32), (72, 96), (31, 41)])
def test_resizing_preserves_colours_to_the_nearest_level(colour, size):
    video = encode_mp4(np.tile(np.uint8(colour), (8, 48, 64, 1)), rate=12)
    with av.open(io.BytesIO(video)) as container:
        stored = next(container.decode(video=0))
        assert stored.format.name == "yuv420p"
        planes = (np.frombuffer(plane, np.uint8).reshape(plane.height, -1) for plane in stored.planes)
        luma, blue, red = (plane[:, : stored.width // 2].mean() for plane in planes)
    light, blue, red = (luma - 16) / 219, (blue - 128) / 224, (red - 128) / 224
    # ITU-R BT.601
    r, b = light + 1.402 * red, light + 1.772 * blue
    g = (light - 0.299 * r - 0.114 * b) / 0.587
    frames = sample_video(video, SamplingSpec(2), resize=lambda height, width: size).frames
    np.testing.assert_allclose(frames.mean((0, 1, 2)), 255 * np.clip([r, g, b], 0, 1), atol=0.75)


def test_ten_bit_video_preserves_colours_scaled_and_unscaled():
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=12)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p10le"
        picture = av.VideoFrame.from_ndarray(np.tile(np.uint8([200, 100, 50]), (48, 64, 1)), format="rgb24")
        container.mux([packet for frame in (picture, picture, None) for packet in stream.encode(frame)])
    for size in (48, 64), (24, 32):
        frames = sample_video(file.getvalue(), SamplingSpec(2), resize=lambda height, width, size=size: size).frames
        np.testing.assert_allclose(frames.mean((0, 1, 2)), [200, 100, 50], atol=0.75)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_display_matrix_is_applied(rotation, mirror):
    stored = sample_video(sample_videos.numbered_video(), SamplingSpec(2)).frames
    video = sample_videos.numbered_video(rotation=rotation, mirror=mirror)
    displayed = sample_video(video, SamplingSpec(2)).frames
    rotated = np.rot90(stored, rotation // 90, axes=(1, 2))
    np.testing.assert_array_equal(displayed, rotated[:, :, ::-1] if mirror else rotated)
    halved = sample_video(video, SamplingSpec(2), resize=lambda h, w: (h // 2, w // 2)).frames
    assert halved.shape[1:3] == (displayed.shape[1] // 2, displayed.shape[2] // 2)
    half = displayed[:, ::2, ::2].astype(int)
    assert np.mean(np.abs(halved - half)) < 2


def test_stream_without_timestamps_is_indexed_by_frame_count():
    raw = sample_videos.remuxed(sample_videos.numbered_video(30, rate=25), {}, "h264")
    index = index_video(raw, name="raw.h264")
    assert index.order.exact and len(index) == 30
    frames = decode_frames(raw, index, [4, 20])
    assert [sample_videos.number_of(frame) for frame in frames] == [4, 20]


def test_duplicate_timestamps_without_declared_rate():
    video = sample_videos.without_rate_or_order()
    index = index_video(video, name="sample.mkv")
    assert index.order.exact and len(index) == 20 and index.average_rate == pytest.approx(20 / index.duration)
    assert index.duration == pytest.approx(0.5 + 1 / 12, abs=0.1)
    assert [sample_videos.number_of(frame) for frame in decode_frames(video, index, [4, 19])] == [4, 19]


def test_many_duplicate_timestamps_are_replaced_by_the_frame_rate():
    """Every timestamp occurs twice; used as they are, every second frame would have zero duration."""
    index = index_video(sample_videos.timestamped_video([number // 2 for number in range(24)]), name="sample.mkv")
    assert np.all(np.diff(index.times) > 0)


def test_one_duplicate_timestamp_leaves_other_times_unchanged():
    """The frame rate is variable, slow then fast: by the average rate, frame 10 would be at 2.8 s."""
    stamps = [6 * number for number in range(10)] + [60 + max(number, 1) for number in range(12)]
    video = sample_videos.timestamped_video(stamps)
    index = index_video(video, name="sample.mkv")
    np.testing.assert_allclose(index.times, (np.asarray(stamps)) / 12, atol=2e-3)  # Matroska counts milliseconds
    assert [sample_videos.number_of(frame) for frame in decode_frames(video, index, [9, 10, 11, 21])] == [9, 10, 11, 21]


def test_change_of_frame_size():
    """Two concatenated elementary streams, as in broadcasts."""
    parts = [encode_mp4(sample_videos.numbered_frames(10, width=width), rate=10) for width in (64, 96)]
    video = b"".join(sample_videos.remuxed(part, {}, "h264") for part in parts)
    with pytest.raises(VideoError, match=r"sample\.h264.*frame size at 0\.48 s.*re-encode"):
        sample_video(video, SamplingSpec(4), name="sample.h264")
    assert sample_video(video, SamplingSpec(4), resize=lambda h, w: (32, 32)).frames.shape == (4, 32, 32, 3)


def test_frame_numbers_must_be_ascending_and_in_range():
    data = sample_videos.numbered_video()
    index = index_video(data)
    for numbers in ([], [5, 4], [60], [-1]):
        with pytest.raises(ValueError, match=r"frame_numbers.*ascending"):
            decode_frames(data, index, numbers)


def test_damaged_data_is_reported():
    data = sample_videos.numbered_video(60, keyframe_every=250)
    at = data.index(b"mdat") + 4
    for start in (0.3, 0.6):
        broken = bytearray(data)
        position = at + int((len(data) - at) * start * 0.7)
        broken[position : position + 400] = bytes(400)
        index = index_video(bytes(broken), name="scratched.mp4")
        with pytest.raises(VideoError, match=r"scratched\.mp4.*damaged frame.*\d+ of 60"):
            decode_frames(bytes(broken), index, range(60))
