"""Sine-cosine tables equal upstream's at every width, grid and number of frames that is recorded."""

import re

import numpy as np

from timesuite_jax.models.vision.sincos_positions import sincos_1d, sincos_2d, sincos_3d


def test_tables(golden_case):
    arrays, checked = golden_case("pos_embed").arrays, 0
    for name, expected in arrays.items():
        if not (match := re.fullmatch(r"e(\d+)_g(\d+)_t(\d+)\.(?:cls(\d)\.)?sincos(\d)d", name)):
            continue
        width, grid, frames, cls, axes = (int(part or 0) for part in match.groups())
        arguments = {1: (sincos_1d, frames, width), 2: (sincos_2d, grid, width), 3: (sincos_3d, frames, grid, width)}
        make, *sizes = arguments[axes]
        table = make(*sizes)
        table = np.concatenate([np.zeros((cls, width), np.float32), table])
        np.testing.assert_allclose(table, expected.reshape(table.shape), atol=1e-6, err_msg=name)
        checked += 1
    assert checked
