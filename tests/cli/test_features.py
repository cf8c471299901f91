"""`timesuite features`: files of features, resumed runs, other settings, broken videos."""

import numpy as np
import pytest

from tests.support.sample_videos import numbered_video
from timesuite_jax.cli.main import main
from timesuite_jax.embeddings.video import read_features


@pytest.fixture
def videos(tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    for name, count in (("a", 36), ("b", 24)):
        (folder / f"{name}.mp4").write_bytes(numbered_video(count))
    return folder


def test_a_folder_is_extracted_resumed_and_not_mixed(videos, encoder_model, tmp_path, capsys):
    out = tmp_path / "features"
    command = ["features", str(videos), "--out", str(out), "--window", "1", "--batch-size", "4", *encoder_model]
    (videos / "c.mp4").write_bytes(b"no video")
    assert main(command) == 1
    printed = capsys.readouterr()
    assert "features of 2 videos written" in printed.out
    assert "c.mp4" in printed.err
    first = read_features(out / "a.npz")
    assert first.features.shape == (3, 24)
    np.testing.assert_array_equal(first.seconds, [[0, 1], [1, 2], [2, 3]])

    written = (out / "a.npz").stat().st_mtime_ns
    (out / "b.npz").unlink()
    (videos / "c.mp4").unlink()
    assert main(command) == 0
    assert "features of 1 video written" in (text := capsys.readouterr().out)
    assert "1 was there" in text
    assert (out / "a.npz").stat().st_mtime_ns == written

    assert main([*command, "--stride", "0.5"]) == 2
    assert "stride=1.0, not 0.5" in capsys.readouterr().err


def test_frames_of_a_layer_as_parquet(videos, encoder_model, tmp_path):
    command = ["features", str(videos / "a.mp4"), "--out", str(tmp_path), "--format", "parquet"]
    assert main([*command, "--layer", "-2", "--level", "frame", *encoder_model]) == 0
    found = read_features(tmp_path / "a.parquet")
    assert found.features.shape == (2 * 4, 32)
    assert np.all(found.seconds[:, 0] == found.seconds[:, 1])


def test_a_contradiction_is_one_sentence(videos, encoder_model, tmp_path, capsys):
    assert main(["features", str(videos), "--out", str(tmp_path), "--tokens", *encoder_model]) == 2
    assert "set layer" in capsys.readouterr().err


def test_another_video_of_the_same_name_is_an_error(videos, encoder_model, tmp_path, capsys):
    out, other = tmp_path / "features", tmp_path / "other"
    other.mkdir()
    (other / "a.mp4").write_bytes(numbered_video(24))
    options = ["--out", str(out), "--window", "1", *encoder_model]
    assert main(["features", str(videos / "a.mp4"), *options]) == 0
    capsys.readouterr()
    assert main(["features", str(other), *options]) == 2
    assert f"{out}/a.npz has features of another file than {other}/a.mp4" in capsys.readouterr().err
