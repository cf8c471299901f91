import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from timesuite_jax.errors import UserError
from timesuite_jax.timing.windows import sliding_windows

NUMBERS = st.floats(0.05, 500, allow_nan=False)


@pytest.mark.parametrize(
    ("duration", "window", "stride", "count"),
    [(150.0, 2, 2, 75), (149.8, 2, 2, 75), (150.3, 2, 2, 75), (30.1, 1, 1, 30), (0.4, 2, 2, 1), (10, 4, 2, 5)],
)
def test_as_many_windows_as_strides_fit(duration, window, stride, count):
    spans = sliding_windows(float(duration), float(window), float(stride))
    assert len(spans) == count
    np.testing.assert_allclose(spans[:, 0], np.arange(count) * stride)
    np.testing.assert_allclose(spans[:, 1], np.minimum(np.arange(count) * stride + window, duration))


@given(NUMBERS, NUMBERS, NUMBERS)
def test_windows_are_not_empty_and_within_the_video(duration, window, stride):
    spans = sliding_windows(duration, window, stride)
    assert np.all(spans[:, 0] < spans[:, 1])
    assert spans.min() == 0
    assert spans.max() <= duration


@pytest.mark.parametrize("stride", [1e-9, 1e-308, 9e-6])
def test_a_stride_of_too_many_windows(stride):
    with pytest.raises(UserError, match=r"a video of 10 s has more than 1,000,000 sliding windows at stride=.*; raise"):
        sliding_windows(10.0, 1.0, stride)
    assert len(sliding_windows(10.0, 1.0, 1e-5)) == 1_000_000


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 0, 1), (1, 1, -1), (float("nan"), 1, 1), (1, float("inf"), 1)])
def test_numbers_above_zero(numbers):
    with pytest.raises(UserError, match="must be above 0"):
        sliding_windows(*map(float, numbers))
