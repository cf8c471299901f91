"""Inputs, targets, seen items, transitions and epoch orders equal those of upstream's functions."""

import numpy as np
import pytest

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.mqsa_ted.data import count_transitions, epoch_orders, evaluation_inputs, seen_items
from timesuite_jax.mqsa_ted.data import training_pairs as pairs_of


@pytest.fixture(scope="module")
def dumped(goldens) -> tuple[Interactions, dict[str, np.ndarray]]:
    path = goldens / "mqsa_ted" / "dataset.npz"
    if not path.parent.is_dir():
        pytest.skip(f"no golden family at {path.parent}")
    with np.load(path, allow_pickle=False) as file:
        return Interactions.load(path), dict(file)


def test_inputs_and_targets(dumped):
    data, expected = dumped
    max_len = int(expected["max_len"])
    inputs, targets = pairs_of(data, max_len)
    np.testing.assert_array_equal(inputs, expected["train_input"])
    np.testing.assert_array_equal(targets, expected["train_pred"])
    np.testing.assert_array_equal(evaluation_inputs(data, max_len, "validation"), expected["validate_input"])
    np.testing.assert_array_equal(evaluation_inputs(data, max_len, "test"), expected["test_input"])


@pytest.mark.parametrize("split", ["validation", "test"])
def test_seen_items_are_counted(dumped, split):
    data, expected = dumped
    seen = seen_items(data, int(expected["max_len"]), split)
    counts = np.zeros((data.num_users, data.num_items + 1), np.int64)
    np.add.at(counts, (np.arange(data.num_users)[:, None], seen), 1)
    np.testing.assert_array_equal(counts[:, :-1], expected["mask_validate" if split == "validation" else "mask_test"])


@pytest.mark.parametrize("span", [1, 2])
def test_transitions(dumped, span):
    data, expected = dumped
    start, tail, count = count_transitions(data, int(expected["max_len"]), span)
    dense = np.zeros((data.num_items, data.num_items), np.int64)
    dense[np.repeat(np.arange(data.num_items), np.diff(start)), tail] = count
    np.testing.assert_array_equal(dense, expected[f"transition_counts_span{span}"])
    assert np.all(count > 0)


def test_epoch_orders(dumped):
    data, expected = dumped
    orders = epoch_orders(data.num_users, int(expected["order_seed"]))
    for order in expected["epoch_order"]:
        np.testing.assert_array_equal(next(orders), order)
