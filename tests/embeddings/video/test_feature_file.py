import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

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


CONTENT = VideoFeatures(np.ones((3, 5), np.float32), np.ones((3, 2)), {"window": 2.0})
REMEDY = "; remove it and extract them again"


def rejected(path):
    with pytest.raises(
        UserError, match=rf"(?s)^{re.escape(str(path))} is not a file of features: .*{REMEDY}$"
    ) as caught:
        read_features(path)
    assert "pickle" not in str(caught.value)
    return str(caught.value).removesuffix(REMEDY).partition("features: ")[2]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(
    "content", [b"", b"not features", b"PK garbage", b"PK\x03\x04", b"\x93NUMPY", b"PAR1", b"\x80\x04."]
)
def test_a_damaged_file_is_named(tmp_path, suffix, content):
    path = tmp_path / f"video.{suffix}"
    path.write_bytes(content)
    rejected(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_part_of_a_file(tmp_path, suffix):
    path = tmp_path / f"video.{suffix}"
    write_features(path, CONTENT)
    whole = path.read_bytes()
    for size in (1, 4, 8, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        rejected(path)


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"settings": "[1]"}, "its settings are [1], not a JSON object"),
        ({"settings": "null"}, "its settings are None"),
        ({"settings": "{"}, "Expecting property name"),
        ({"settings": None}, "it has no 'settings'"),
        ({"features": np.ones(3, np.float32)}, "its features are float32 [3], not float32 [rows, D]"),
        ({"features": np.ones((3, 5), np.int32)}, "its features are int32 [3, 5]"),
        ({"seconds": np.ones((2, 2))}, "its seconds are float64 [2, 2]"),
        ({"seconds": None}, ""),
    ],
)
def test_contents_that_are_no_features(tmp_path, suffix, changes, problem):
    path = tmp_path / f"video.{suffix}"
    fields = {**CONTENT.arrays, "settings": "{}", **changes}
    fields = {name: value for name, value in fields.items() if value is not None}
    if suffix == "npz":
        np.savez(path, **fields)
    else:
        metadata = {"settings": fields.pop("settings")} if "settings" in fields else None
        save_file(fields, path, metadata)
    assert problem in rejected(path)


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        (None, "it has no 'shape'"),
        ({"shape": "[2]", "settings": "[1]"}, "its settings are [1], not a JSON object"),
        ({"shape": "[2]"}, "it has no 'settings'"),
        ({"shape": "[3]", "settings": "{}"}, "cannot reshape"),
        ({"shape": "3", "settings": "{}"}, ""),
    ],
)
def test_tables_that_are_no_features(tmp_path, metadata, problem):
    path = tmp_path / "video.parquet"
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.ones(6, np.float32)), 2)
    table = pa.table({"start": np.ones(3), "end": np.ones(3), "feature": vectors})
    pq.write_table(table.replace_schema_metadata(metadata), path)
    assert problem in rejected(path)


def test_python_objects_in_a_file(tmp_path):
    path = tmp_path / "video.npz"
    np.savez(path, **CONTENT.arrays, settings=np.asarray({"a": 1}))
    assert rejected(path) == "it has Python objects, not only numbers"


def test_another_suffix(tmp_path):
    with pytest.raises(UserError, match="npz, safetensors, parquet"):
        write_features(tmp_path / "video.npy", VideoFeatures(np.zeros((1, 1), np.float32), np.zeros((1, 2)), {}))
