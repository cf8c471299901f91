"""Position tables of other frames and resolutions equal upstream's, for every recorded pair."""

import re

import numpy as np
import pytest

from tests.support.golden_folder import assert_output
from timesuite_jax.errors import UserError
from timesuite_jax.layers.positions import linear_resize_matrix
from timesuite_jax.port.inflated_kernels import inflate_kernel
from timesuite_jax.port.resized_positions import resize_positions


def test_joint_tables(golden_case):
    arrays, checked = golden_case("interpolation").arrays, 0
    for name, table in arrays.items():
        if not (match := re.fullmatch(r"T(\d+)g\d+_to_T(\d+)g(\d+)\.(\w*pos_embed)_in", name)):
            continue
        old_frames, frames, grid = map(int, match.groups()[:3])
        resized = resize_positions(table, old_frames=old_frames, frames=frames, grid=grid)
        assert_output(resized, arrays[name.removesuffix("_in") + "_out"], name)
        checked += 1
    assert checked


def test_separate_tables_in_time(golden_case):
    arrays, checked = golden_case("interpolation").arrays, 0
    for name, table in arrays.items():
        if match := re.fullmatch(r"sep_temporal_(\d+)_to_(\d+)\.temporal_in", name):
            resize = linear_resize_matrix(*map(int, match.groups()))
            resized = np.einsum("TF,FD->TD", resize, table[0].astype(np.float64))
            assert_output(resized[None], arrays[name.removesuffix("_in") + "_out"], name)
            checked += 1
    assert checked


def test_tables_of_images(golden_case):
    """Those of InternVL-C, whose names have the grids: "in_5x5", "out_4x4"."""
    arrays = golden_case("interpolation").arrays
    tables = [name for name in arrays if re.fullmatch(r"internvl_pos_embed\.in_(\d+)x\1", name)]
    results = [name for name in arrays if re.fullmatch(r"internvl_pos_embed\.out_(\d+)x\1", name)]
    assert tables and len(tables) == len(results)
    for name, result in zip(tables, results, strict=True):
        grid = int(result.rpartition("x")[2])
        assert_output(resize_positions(arrays[name], old_frames=1, frames=1, grid=grid), arrays[result], name)


def test_an_inflated_kernel(golden_case):
    arrays, name = golden_case("interpolation").arrays, "inflate.center"
    assert_output(inflate_kernel(arrays["inflate.weight2d"], arrays[name].shape[2]), arrays[name], name)


def test_a_wrong_number_of_frames_is_an_error():
    with pytest.raises(UserError, match=r"of 32 patches are not those of 4 square frames; give the number"):
        resize_positions(np.zeros((1, 33, 2), np.float32), old_frames=4, frames=8, grid=4)
