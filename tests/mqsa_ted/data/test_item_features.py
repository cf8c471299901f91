"""Feature vectors are normalized, and invalid files are rejected."""

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data import principal_axes, read_features

VECTORS = np.random.default_rng(0).normal(5.0, 3.0, (7, 3)).astype(np.float16)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_vectors_are_centered_and_scaled(tmp_path, suffix):
    path = tmp_path / f"vectors.{suffix}"
    np.save(path, VECTORS) if suffix == "npy" else np.savez(path, vectors=VECTORS)
    features, _ = read_features(path, 7)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(np.square(features).mean(), 1.0, rtol=1e-5)
    np.testing.assert_allclose(np.diff(features, axis=0), np.diff(VECTORS.astype(np.float32), axis=0) /
                               np.std(VECTORS.astype(np.float32) - VECTORS.mean(axis=0)), rtol=1e-2)  # fmt: skip


def test_principal_axes_preserve_inner_products():
    features = np.random.default_rng(1).normal(size=(20, 4)).astype(np.float32) * np.array([1, 9, 3, 0.1], np.float32)
    whole = principal_axes(features, 6)
    assert whole.shape == (20, 6) and not whole[:, 4:].any()
    np.testing.assert_allclose(whole @ whole.T, features @ features.T, rtol=1e-4, atol=1e-3)
    left, scales, _ = np.linalg.svd(features.astype(np.float64))
    np.testing.assert_allclose(np.abs(principal_axes(features, 1)[:, 0]), np.abs(left[:, 0] * scales[0]), rtol=1e-3)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (VECTORS[:6], r"contains float16 \[6, 3\]; it must contain numbers, one row for each of 7 items"),
        (VECTORS[:, 0], r"contains float16 \[7\]"),
        (np.full((7, 2), "a"), "contains <U1"),
        (np.full((7, 2), 3.0), "deviate from their mean by 0.0"),
        (VECTORS.astype(np.float32) * 1e20, "deviate from their mean by inf"),
        (np.full((7, 2), 3e38, np.float32), "deviate from their mean by inf"),
        (VECTORS.astype(np.float64) * 1e300, "the vector of item 0 is not finite"),
        (VECTORS[:, :0], r"contains float16 \[7, 0\]; it must contain numbers"),
        (VECTORS.astype(np.complex64), "contains complex64"),
        (np.where(np.arange(7)[:, None] == 4, np.inf, VECTORS), "the vector of item 4 is not finite"),
        (np.full((7, 2), None), "cannot read .*vectors.npy"),
    ],
)
def test_invalid_files_are_rejected(tmp_path, vectors, message):
    np.save(tmp_path / "vectors.npy", vectors)
    with pytest.raises(UserError, match=message):
        read_features(tmp_path / "vectors.npy", 7)


def test_an_archive_with_corrupted_content_is_rejected(tmp_path):
    np.savez_compressed(tmp_path / "vectors.npz", vectors=VECTORS)
    content = bytearray((tmp_path / "vectors.npz").read_bytes())
    offset = 30 + content[26] + content[28]  # behind the first header, its name and its extra field
    content[offset : offset + 4] = b"\xff" * 4  # an invalid deflate block type
    (tmp_path / "vectors.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot read .*vectors\.npz"):
        read_features(tmp_path / "vectors.npz", 7)


def test_absent_files_and_several_arrays_are_rejected(tmp_path):
    with pytest.raises(UserError, match=r"none\.npy does not exist; .* features\.path: .* need the file"):
        read_features(tmp_path / "none.npy", 7)
    np.savez(tmp_path / "two.npz", a=VECTORS, b=VECTORS)
    with pytest.raises(UserError, match=r"two\.npz contains a, b; it must contain one array"):
        read_features(tmp_path / "two.npz", 7)
