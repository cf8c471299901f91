"""Crops of evaluation."""

import numpy as np
import pytest

from timesuite_jax.media.resample import resize_aliased
from timesuite_jax.media.views import crop_starts, long_side_crops


@pytest.mark.parametrize(
    "long_side, crops, starts",
    [(398, 3, [0, 87, 174]), (399, 3, [0, 87, 175]), (224, 3, [0, 0, 0]), (399, 1, [87]), (300, 4, [0, 25, 50, 76])],
)
def test_crops_are_spread_over_the_long_side(long_side, crops, starts):
    assert crop_starts(long_side, 224, crops) == starts


def test_crops_follow_the_long_side():
    wide = np.repeat(np.broadcast_to(np.arange(64, dtype=np.uint8), (2, 32, 64))[..., None], 3, axis=-1)
    crops = long_side_crops(wide, 32, 3)
    assert crops.shape == (3, 2, 32, 32, 3)
    assert [int(crop[0, 0, 0, 0]) for crop in crops] == [0, 16, 32]
    tall = np.ascontiguousarray(wide.swapaxes(1, 2))
    np.testing.assert_array_equal(long_side_crops(tall, 32, 3), crops.swapaxes(2, 3))


def test_bilinear_resizing_of_a_ramp():
    """Half the size: each pixel is the mean of two, at 0.5, 2.5, ...; twice the size: quarters, with repeated edges."""
    ramp = np.repeat(np.arange(0, 80, 10, dtype=np.uint8)[None, None, :, None], 3, axis=-1)
    halved = resize_aliased(ramp, (1, 4), interpolation="bilinear")
    assert halved[0, 0, :, 0].tolist() == [5, 25, 45, 65]
    doubled = resize_aliased(ramp[:, :, :3], (1, 6), interpolation="bilinear")
    assert doubled[0, 0, :, 0].tolist() == [0, 2, 8, 12, 18, 20]  # 0, 2.5, 7.5, 12.5, 17.5, 20, half to even


def test_a_sharp_edge_is_not_antialiased():
    """A quarter of the size: bilinear weights of the two pixels at 1.5 and 5.5 only."""
    row = np.zeros((1, 1, 8, 3), np.uint8)
    row[0, 0, 2] = 200
    assert resize_aliased(row, (1, 2), interpolation="bilinear")[0, 0, :, 0].tolist() == [100, 0]
