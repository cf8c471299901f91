"""The stream of users: each once per epoch, the same batch for any number of processes, an exact position."""

import dataclasses
import itertools

import numpy as np
import pytest

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data import UserStream, epoch_orders, training_pairs
from timesuite_jax.mqsa_ted.data.stream import PADDING_SEGMENT

USERS, BATCH, SEED, ITEMS = 7, 4, 3, 9


@pytest.fixture
def data() -> Interactions:
    rng = np.random.default_rng(0)
    start = np.concatenate([[0], np.cumsum(rng.integers(1, 6, USERS))]).astype(np.int32)
    items, held = rng.integers(0, ITEMS, start[-1]), rng.integers(0, ITEMS, (2, USERS))
    return Interactions(start, items.astype(np.int32), *held.astype(np.int32), num_items=ITEMS)


def stream(data: Interactions, **changes) -> UserStream:
    return UserStream(data, 4, **{"batch_size": BATCH, "row_multiple": 2, "seed": SEED, **changes})


def test_epochs_equal_upstreams_and_the_last_batch_has_the_remaining_users(data):
    inputs, targets = training_pairs(data, 4)
    batches = list(itertools.islice(stream(data), 6))
    for epoch, order in enumerate(itertools.islice(epoch_orders(USERS, SEED), 3)):
        for batch, users in zip(batches[2 * epoch : 2 * epoch + 2], (order[:4], order[4:]), strict=True):
            some = [user for user in users if np.any(inputs[user] != ITEMS)]  # one training item gives no pair
            assert set(np.unique(batch["segments"])) - {PADDING_SEGMENT} == set(some)
            for user in some:
                here, valid = batch["segments"] == user, inputs[user] != ITEMS
                np.testing.assert_array_equal(batch["items"][here], inputs[user][valid])
                np.testing.assert_array_equal(batch["targets"][here], targets[user][valid])
                np.testing.assert_array_equal(batch["positions"][here], np.flatnonzero(valid))
            padding = batch["segments"] == PADDING_SEGMENT
            assert np.all(batch["items"][padding] == ITEMS) and np.all(batch["targets"][padding] == ITEMS)


@pytest.mark.parametrize("taken", [0, 1, 2, 5])
def test_a_restored_position_continues_with_the_same_batches(data, taken):
    whole = stream(data)
    for _ in range(taken):
        next(whole)
    other = stream(data)
    next(other)
    other.set_state(whole.get_state())
    for _ in range(3):
        expected, actual = next(whole), next(other)
        assert expected.keys() == actual.keys()
        for name, rows in expected.items():
            np.testing.assert_array_equal(actual[name], rows)


def test_processes_share_a_batch(data):
    parts = [stream(data, process_index=index, process_count=2) for index in range(2)]
    for whole in itertools.islice(stream(data), 4):
        rows = [next(part)["items"] for part in parts]
        np.testing.assert_array_equal(np.concatenate(rows), whole["items"])


def test_rows_are_a_multiple_of_three_processes_and_of_two(data):
    parts = [next(stream(data, process_index=index, process_count=3))["items"] for index in range(3)]
    together = np.concatenate(parts)
    assert len({len(part) for part in parts}) == 1 and len(together) % 6 == 0
    whole = next(stream(data))["items"]
    np.testing.assert_array_equal(np.sort(together[together < data.num_items]), np.sort(whole[whole < data.num_items]))


def trained(users: UserStream, batches: int) -> list[int]:
    """Users of the next batches, with as many training items as have a next one, sorted within each batch."""
    return [int(u) for _ in range(batches) for u in np.unique(next(users)["segments"]) if u != PADDING_SEGMENT]


@pytest.mark.parametrize(
    ("before", "taken", "after"), [(4, 1, 2), (2, 1, 4), (3, 2, 5), (2, 5, 3), (4, 2, 7), (1, 9, 4)]
)
def test_each_user_is_visited_once_an_epoch_with_another_batch_size(data, before, taken, after):
    first, second = stream(data, batch_size=before), stream(data, batch_size=after)
    expected = sorted(trained(stream(data, batch_size=USERS), 1))
    users = trained(first, taken)
    second.set_state(first.get_state())
    while second.get_state()["epoch"] < 3:
        users += trained(second, 1)
    assert second.get_state()["next_user"] == 0 and len(users) == 3 * len(expected)
    for epoch in range(3):
        assert sorted(users[epoch * len(expected) : (epoch + 1) * len(expected)]) == expected


@pytest.mark.parametrize("batch", [0, 1, 2, 5])
def test_a_position_of_older_runs_is_restored(data, batch):
    now = stream(data)
    for _ in range(batch):
        next(now)
    state = now.get_state()
    position = {"next_batch": batch, "batch_size": BATCH}
    old = {name: value for name, value in state.items() if name not in ("epoch", "next_user")} | position
    other = stream(data)
    other.set_state(old)
    assert other.get_state() == state


def test_a_position_of_items_with_other_names_is_rejected(data):
    saved = stream(data).get_state()
    other = stream(dataclasses.replace(data, item_names=tuple(map(str, range(ITEMS)))))
    with pytest.raises(UserError, match=r"has item_checksum \d+, this run has \d+; resume with the same"):
        other.set_state(saved)
    for name in ("item_checksum", "split"):
        del saved[name]  # as in older runs
    other.set_state(saved)


@pytest.mark.parametrize("swapped", ["validation", "start"])
def test_a_position_of_another_split_is_rejected(data, swapped):
    """Metrics of two splits cannot be compared to select the best step."""
    changes = {"validation": {"validation": data.test, "test": data.validation}, "start": {"start": data.start.copy()}}
    changes["start"]["start"][1] += 1 if data.start[2] - data.start[1] > 1 else -1
    with pytest.raises(UserError, match=r"has split \d+, this run has \d+; resume with the same"):
        stream(dataclasses.replace(data, **changes[swapped])).set_state(stream(data).get_state())
