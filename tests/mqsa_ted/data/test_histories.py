"""Histories, their transitions and the orders of epochs; tests/parity compares them with upstream's."""

import numpy as np
import pytest

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.mqsa_ted.data import (
    count_transitions,
    epoch_orders,
    evaluation_inputs,
    seen_items,
    training_histories,
    training_pairs,
)

P = 5  # padding


@pytest.fixture
def data() -> Interactions:
    start, items, validation, test = map(np.int32, ([0, 4, 5], [0, 1, 0, 2, 4], [3, 1], [0, 2]))
    return Interactions(start, items, validation, test, P)


def test_only_the_newest_items_are_used(data):
    np.testing.assert_array_equal(training_histories(data, 3), [[1, 0, 2], [P, P, 4]])
    inputs, targets = training_pairs(data, 3)
    np.testing.assert_array_equal(inputs, [[P, 1, 0], [P, P, P]])
    np.testing.assert_array_equal(targets, [[P, 0, 2], [P, P, P]])
    np.testing.assert_array_equal(evaluation_inputs(data, 3, "test"), [[0, 2, 3], [P, 4, 1]])
    np.testing.assert_array_equal(seen_items(data, 3, "test"), [[1, 0, 2, 3], [P, P, 4, 1]])
    np.testing.assert_array_equal(seen_items(data, 3, "validation"), evaluation_inputs(data, 3, "validation"))


@pytest.mark.parametrize("span", [1, 2, 9])
def test_transitions_within_a_span(data, span):
    start, tail, count = count_transitions(data, 4, span)
    head = np.repeat(np.arange(P), np.diff(start))
    pairs = {(int(h), int(t)): int(c) for h, t, c in zip(head, tail, count, strict=True)}
    sequence = [0, 1, 0, 2]
    expected: dict = {}
    for a, head in enumerate(sequence):
        for other in sequence[a + 1 : a + 1 + span]:
            expected[head, other] = expected.get((head, other), 0) + 1
    assert pairs == expected


def test_each_epoch_has_every_user_in_another_order():
    one, two = epoch_orders(9, seed=3), epoch_orders(9, seed=3)
    first, second = next(one), next(one)
    assert sorted(first) == sorted(second) == list(range(9)) and list(first) != list(second)
    np.testing.assert_array_equal(next(two), first)


def test_a_span_below_one_is_rejected(data):
    with pytest.raises(ValueError, match="span=0"):
        count_transitions(data, 3, 0)
