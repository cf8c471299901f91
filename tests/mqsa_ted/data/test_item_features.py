"""Vectors of items are brought to one scale, and files of another kind are named."""

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data import principal_axes, read_features

VECTORS = np.random.default_rng(0).normal(5.0, 3.0, (7, 3)).astype(np.float16)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_scale(tmp_path, suffix):
    path = tmp_path / f"vectors.{suffix}"
    np.save(path, VECTORS) if suffix == "npy" else np.savez(path, vectors=VECTORS)
    features, _ = read_features(path, 7)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features.mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(np.square(features).mean(), 1.0, rtol=1e-5)
    np.testing.assert_allclose(np.diff(features, axis=0), np.diff(VECTORS.astype(np.float32), axis=0) /
                               np.std(VECTORS.astype(np.float32) - VECTORS.mean(axis=0)), rtol=1e-2)  # fmt: skip


def test_principal_axes_keep_distances_as_far_as_they_can():
    features = np.random.default_rng(1).normal(size=(20, 4)).astype(np.float32) * np.array([1, 9, 3, 0.1], np.float32)
    whole = principal_axes(features, 6)
    assert whole.shape == (20, 6) and not whole[:, 4:].any()
    np.testing.assert_allclose(whole @ whole.T, features @ features.T, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(np.abs(principal_axes(features, 1)[:, 0]), np.abs(features[:, 1]), atol=1.5)


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        (VECTORS[:6], r"holds float16 \[6, 3\]; it must hold numbers, a row for each of 7 items"),
        (VECTORS[:, 0], r"holds float16 \[7\]"),
        (np.full((7, 2), "a"), "holds <U1"),
        (np.full((7, 2), 3.0), "differ by 0.0 from their mean"),
        (VECTORS.astype(np.float32) * 1e20, "differ by inf from their mean"),
        (np.full((7, 2), 3e38, np.float32), "differ by inf from their mean"),
        (VECTORS.astype(np.float64) * 1e300, "the vector of item 0 is not finite"),
        (VECTORS[:, :0], r"holds float16 \[7, 0\]; it must hold numbers"),
        (VECTORS.astype(np.complex64), "holds complex64"),
        (np.where(np.arange(7)[:, None] == 4, np.inf, VECTORS), "the vector of item 4 is not finite"),
        (np.full((7, 2), None), "cannot read .*vectors.npy"),
    ],
)
def test_bad_files_are_named(tmp_path, vectors, told):
    np.save(tmp_path / "vectors.npy", vectors)
    with pytest.raises(UserError, match=told):
        read_features(tmp_path / "vectors.npy", 7)


def test_an_archive_whose_content_is_broken(tmp_path):
    np.savez_compressed(tmp_path / "vectors.npz", vectors=VECTORS)
    content = bytearray((tmp_path / "vectors.npz").read_bytes())
    at = 30 + content[26] + content[28]  # behind the first header, its name and its extra field
    content[at : at + 4] = b"\xff" * 4  # no kind of deflate block
    (tmp_path / "vectors.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot read .*vectors\.npz"):
        read_features(tmp_path / "vectors.npz", 7)


def test_other_files(tmp_path):
    with pytest.raises(UserError, match=r"none\.npy does not exist; .* features\.path .* recommending need the file"):
        read_features(tmp_path / "none.npy", 7)
    np.savez(tmp_path / "two.npz", a=VECTORS, b=VECTORS)
    with pytest.raises(UserError, match=r"two\.npz holds a, b; it must hold one array"):
        read_features(tmp_path / "two.npz", 7)
