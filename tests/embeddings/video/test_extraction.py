"""Features of windows with an encoder that returns the grey level of frames, which encodes their number."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.sample_videos import numbered_video
from timesuite_jax.embeddings.video import (
    FeatureEncoder,
    FeatureRequest,
    extract_features,
    extraction,
    features_of_videos,
    window_stream,
)
from timesuite_jax.embeddings.video.source_identity import source_identity
from timesuite_jax.errors import UserError
from timesuite_jax.media import VideoError
from timesuite_jax.timing import windows

RATE, COUNT = 12.0, 60  # five seconds


def grey(params, frames):
    """One row a frame: the mean of its lower half."""
    half = frames[:, :, frames.shape[2] // 2 :].astype(jnp.float32)
    return jnp.mean(half, axis=(2, 3))


def mean_grey(params, frames):
    return jnp.mean(grey(params, frames), axis=1, keepdims=True)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    for name, count in (("a", COUNT), ("b", 36), ("c", 24)):
        (folder / f"{name}.mp4").write_bytes(numbered_video(count))
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder


def run(encode, request, paths, **options):
    encoder = FeatureEncoder(4, 32, encode)
    options = {"batch_size": 3, "threads": 2, **options}
    return dict(extract_features({}, encoder, request, paths, **options))


def levels(numbers):
    return 20 + 3.6 * np.asarray(numbers)


def test_each_window_has_its_own_frames(videos):
    """Window 0 to 1 s of 12 frames: the frames displayed at 1/8, 3/8, 5/8 and 7/8 s are 1, 4, 7 and 10."""
    found = run(mean_grey, FeatureRequest(1.0, 1.0), [videos / "a.mp4"])[0]
    expected = [np.mean(levels(12 * second + np.array([1, 4, 7, 10]))) for second in range(5)]
    np.testing.assert_allclose(found.features[:, 0], expected, atol=2)
    np.testing.assert_allclose(found.seconds, [[second, second + 1] for second in range(5)])


def test_overlapping_windows_share_frames(videos):
    found = run(mean_grey, FeatureRequest(2.0, 0.5), [videos / "a.mp4"])[0]
    assert len(found.features) == 10
    expected = [np.mean(levels(6 * half + np.array([3, 9, 15, 21]))) for half in range(7)]
    np.testing.assert_allclose(found.features[:7, 0], expected, atol=2)


def test_batches_and_threads_do_not_change_the_features(videos):
    paths = [videos / f"{name}.mp4" for name in "abc"]
    expected = run(mean_grey, FeatureRequest(1.0, 1.0), paths, batch_size=1, threads=1)
    for options in ({"batch_size": 7, "threads": 3}, {"batch_size": 2, "threads": 2}):
        found = run(mean_grey, FeatureRequest(1.0, 1.0), paths, **options)
        assert found.keys() == expected.keys() == {0, 1, 2}
        for number, content in expected.items():
            np.testing.assert_array_equal(found[number].features, content.features)
            np.testing.assert_array_equal(found[number].seconds, content.seconds)


def test_a_broken_video_is_named_and_the_others_are_complete(videos):
    found = run(mean_grey, FeatureRequest(1.0, 1.0), [videos / "broken.mp4", videos / "a.mp4"])
    assert isinstance(found[0], VideoError)
    assert "broken.mp4" in str(found[0])
    assert len(found[1].features) == 5


def test_a_video_of_too_many_windows_is_named_and_the_others_are_complete(videos, monkeypatch):
    monkeypatch.setattr(windows, "MAX_WINDOWS", 40)
    monkeypatch.setattr(window_stream, "MAX_WINDOWS", 40)
    found = run(mean_grey, FeatureRequest(0.1, 0.1), [videos / "a.mp4", videos / "b.mp4"])
    assert str(found[0]).endswith("a.mp4 of 5 s has more than 40 windows at a stride of 0.1 s; raise the stride")
    assert len(found[1].features) == 30


def test_the_file_of_a_video_is_identified(videos):
    found = run(mean_grey, FeatureRequest(1.0, 1.0), [videos / "a.mp4", videos / "c.mp4"])
    for number, name in enumerate("ac"):
        assert found[number].settings["source"] == source_identity(videos / f"{name}.mp4")


def test_features_of_some_videos(videos):
    encoder, request = FeatureEncoder(4, 32, mean_grey), FeatureRequest(1.0, 1.0)
    found = features_of_videos({}, encoder, request, [videos / "b.mp4", videos / "a.mp4"])
    assert [len(content.features) for content in found] == [3, 5]
    with pytest.raises(VideoError, match=r"broken\.mp4"):
        features_of_videos({}, encoder, request, [videos / "broken.mp4"])


def test_levels(videos):
    frames = run(grey, FeatureRequest(1.0, 1.0, level="frame", layer=-1), [videos / "a.mp4"])[0]
    windows = run(mean_grey, FeatureRequest(1.0, 1.0), [videos / "a.mp4"])[0]
    video = run(mean_grey, FeatureRequest(1.0, 1.0, level="video"), [videos / "a.mp4"])[0]
    assert frames.features.shape == (20, 3)
    np.testing.assert_allclose(frames.features.reshape(5, 4, 3).mean(1), windows.features, rtol=1e-5)
    np.testing.assert_allclose(frames.seconds[:4, 0], np.array([1, 4, 7, 10]) / RATE, atol=1e-3)
    np.testing.assert_allclose(video.features[0], windows.features.mean(0), rtol=1e-6)
    np.testing.assert_allclose(video.seconds, [[0, 5]], atol=1e-3)


def test_the_central_square_keeps_the_shape(videos):
    """The patch of 16 x 16 pixels in the upper left corner of 64 x 48 is squashed, or half of it is cut off."""

    def patch(params, frames):
        wide = frames.astype(jnp.float32)
        return jnp.mean((wide[..., 0] - wide[..., 1] > 100).astype(jnp.float32), axis=(1, 2, 3))[:, None, None]

    squashed = run(patch, FeatureRequest(1.0, 1.0), [videos / "a.mp4"])[0].features
    cut = run(patch, FeatureRequest(1.0, 1.0, crop="center"), [videos / "a.mp4"])[0].features
    np.testing.assert_allclose(squashed, 16 * 16 / (64 * 48), atol=0.02)
    np.testing.assert_allclose(cut, 8 * 16 / (48 * 48), atol=0.02)


def test_an_exception_of_the_encoder_ends_the_threads(videos):
    def fail(params, frames):
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        run(fail, FeatureRequest(1.0, 1.0), [videos / "a.mp4"])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"tokens": True}, "set layer"),
        ({"level": "frame"}, "set layer"),
        ({"tokens": True, "layer": -1, "level": "frame"}, "level='window'"),
        ({"window": 0.0}, "window"),
        ({"stride": 1e-9}, "stride=1e-09 must be at least 0.001"),
    ],
)
def test_requests_that_contradict_themselves(fields, words):
    with pytest.raises(UserError, match=words):
        FeatureRequest(**fields)


def test_processes_with_the_same_videos_read_windows_in_one_order(videos, monkeypatch):
    """As two processes do that have the halves of one model: here, the other one is not there."""
    from timesuite_jax import parallel

    threads = []
    plain = extraction._decoded
    monkeypatch.setattr(extraction, "_decoded", lambda *args: threads.append(args[3]) or plain(*args))
    monkeypatch.setattr(extraction.jax, "process_count", lambda: 2)
    monkeypatch.setattr(parallel, "allgather_strings", list)
    paths = [videos / f"{name}.mp4" for name in "abc"]
    found = run(mean_grey, FeatureRequest(1.0, 1.0), paths, batch_size=4, threads=3)
    assert threads == [1] and list(found) == [0, 1, 2]


def test_rows_are_sharded_over_devices(videos):
    from timesuite_jax import parallel

    mesh = parallel.make_mesh(parallel.MeshSpec(data=8))
    with parallel.mesh_context(mesh, parallel.DEFAULT_RULES):
        found = run(mean_grey, FeatureRequest(1.0, 1.0), [videos / "a.mp4"], batch_size=3)[0]
    expected = run(mean_grey, FeatureRequest(1.0, 1.0), [videos / "a.mp4"])[0]
    assert jax.device_count() == 8
    np.testing.assert_allclose(found.features, expected.features, rtol=1e-6)
