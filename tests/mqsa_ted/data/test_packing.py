"""Packed rows contain every item once, whole histories in order, and little padding."""

import numpy as np
import pytest

from timesuite_jax.mqsa_ted.data import pack

LENGTH = 10


def left_padded(lengths: np.ndarray) -> np.ndarray:
    return np.arange(-LENGTH, 0)[None] >= -lengths[:, None]


@pytest.mark.parametrize("multiple", [1, 4])
def test_each_history_is_whole_in_one_row(multiple: int):
    lengths = np.random.default_rng(0).integers(0, LENGTH + 1, 40)
    packing = pack(left_padded(lengths), multiple)
    assert packing.shape[1] == LENGTH and packing.shape[0] % multiple == 0
    users, slots = packing.scatter(packing.user, -1), packing.scatter(packing.slot, -1)
    assert np.count_nonzero(users >= 0) == lengths.sum()
    for user in np.flatnonzero(lengths):
        rows, columns = np.nonzero(users == user)
        assert len(set(rows)) == 1 and np.all(np.diff(columns) == 1)
        np.testing.assert_array_equal(slots[rows, columns], np.arange(LENGTH - lengths[user], LENGTH))


def test_rows_are_full_and_equal_shares_of_them_too():
    lengths = np.random.default_rng(1).geometric(0.3, 400).clip(max=LENGTH)
    users = (packing := pack(left_padded(lengths), 8)).scatter(packing.user, -1)
    shares = (users >= 0).reshape(8, -1).sum(axis=1)
    assert shares.sum() == lengths.sum() > 0.9 * users.size
    assert shares.max() - shares.min() <= LENGTH


def test_empty_histories_give_rows_of_padding():
    packing = pack(np.zeros((3, LENGTH), bool), 4)
    np.testing.assert_array_equal(packing.scatter(packing.user, 7), np.full((4, LENGTH), 7))
