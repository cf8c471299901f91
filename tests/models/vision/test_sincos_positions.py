"""Sine-cosine tables against their definition, one number at a time."""

import math

import numpy as np

from timesuite_jax.models.vision.sincos_positions import sincos_3d


def code(position: int, channel: int, width: int) -> float:
    """Sines in the first half of the channels, cosines in the second, of geometrically falling frequencies."""
    half = width // 2
    angle = position / 10000 ** ((channel % half) / half)
    return math.sin(angle) if channel < half else math.cos(angle)


def test_a_quarter_is_time_then_columns_then_rows():
    frames, grid, width = 3, 4, 32
    time, space = width // 4, width // 8 * 3
    expected = [
        [
            *(code(frame, channel, time) for channel in range(time)),
            *(code(column, channel, space) for channel in range(space)),
            *(code(row, channel, space) for channel in range(space)),
        ]
        for frame in range(frames)
        for row in range(grid)
        for column in range(grid)
    ]
    # The frequencies are rounded to float32, relative error 6e-8, and positions are below 4.
    np.testing.assert_allclose(sincos_3d(frames, grid, width), expected, rtol=0, atol=1e-6)
