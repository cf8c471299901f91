"""Position tables and their interpolation against PyTorch."""

import numpy as np
import pytest

from timesuite_jax.layers.positions import bicubic_resize_matrix, linear_resize_matrix, sinusoid_table

SIZES = [(14, 2), (14, 3), (14, 16), (14, 24), (3, 7), (1, 4), (5, 5)]


def test_sinusoids_interleave():
    table = sinusoid_table(3, 4)
    np.testing.assert_allclose(table[0], [0, 1, 0, 1])
    np.testing.assert_allclose(table[2], [np.sin(2), np.cos(2), np.sin(0.02), np.cos(0.02)])


@pytest.mark.parametrize(("old", "new"), [(4, 8), (4, 2), (4, 1), *SIZES])
def test_linear_is_pytorch_s(old: int, new: int):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(2, old))
    expected = torch.nn.functional.interpolate(torch.from_numpy(x)[None], size=new, mode="linear", align_corners=False)
    np.testing.assert_allclose(x @ linear_resize_matrix(old, new).T, expected[0], atol=1e-12)


def test_four_frames_become_eight():
    expected = [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]
    np.testing.assert_allclose(linear_resize_matrix(2, 4), expected)


@pytest.mark.parametrize(("old", "new"), SIZES)
def test_bicubic_is_pytorch_s(old: int, new: int):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(2, old, old))
    images = torch.from_numpy(x)[None]
    expected = torch.nn.functional.interpolate(images, size=(new, new), mode="bicubic", align_corners=False)
    matrix = bicubic_resize_matrix(old, new)
    np.testing.assert_allclose(np.einsum("yH,xW,cHW->cyx", matrix, matrix, x), expected[0], atol=1e-12)
