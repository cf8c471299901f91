import numpy as np
import pytest

from timesuite_jax.embeddings.video import FORMATS, VideoFeatures, read_features, write_features
from timesuite_jax.errors import UserError


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("shape", [(3, 5), (2, 4, 5), (1, 1)])
def test_what_is_written_is_read(tmp_path, suffix, shape):
    features = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    seconds = np.arange(2 * len(features), dtype=np.float64).reshape(-1, 2) / 3
    path = tmp_path / f"video.{suffix}"
    write_features(path, VideoFeatures(features, seconds, {"window": 2.0, "layer": None}))
    found = read_features(path)
    np.testing.assert_array_equal(found.features, features)
    np.testing.assert_array_equal(found.seconds, seconds)
    assert found.settings == {"window": 2.0, "layer": None}


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("content", [b"", b"not features", b"PK\x03\x04"])
def test_a_damaged_file_is_named(tmp_path, suffix, content):
    path = tmp_path / f"video.{suffix}"
    path.write_bytes(content)
    with pytest.raises(UserError, match=str(path)):
        read_features(path)


def test_another_suffix(tmp_path):
    with pytest.raises(UserError, match="npz, safetensors, parquet"):
        write_features(tmp_path / "video.npy", VideoFeatures(np.zeros((1, 1), np.float32), np.zeros((1, 2)), {}))
