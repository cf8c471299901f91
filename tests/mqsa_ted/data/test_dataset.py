"""Interactions from files, and the arrays made of them; against the original's functions in tests/parity."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data import (
    Interactions,
    count_transitions,
    epoch_orders,
    evaluation_inputs,
    seen_items,
    training_histories,
    training_pairs,
)

P = 5  # padding
ARRAYS = {
    "user_ptr": [0, 4, 5],
    "items": [0, 1, 0, 2, 4],
    "validate_item": [3, 1],
    "test_item": [0, 2],
    "num_user": 2,
    "num_item": P,
}


def saved(tmp_path, **changes):
    arrays = {name: np.asarray(value) for name, value in {**ARRAYS, **changes}.items() if value is not None}
    np.savez(tmp_path / "data.npz", **arrays)
    return tmp_path / "data.npz"


@pytest.fixture
def data(tmp_path) -> Interactions:
    return Interactions.load(saved(tmp_path))


def test_windows_are_cut_to_the_newest_before_everything_else(data):
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


def test_every_epoch_has_every_user_in_another_order():
    one, two = epoch_orders(9, seed=3), epoch_orders(9, seed=3)
    first, second = next(one), next(one)
    assert sorted(first) == sorted(second) == list(range(9)) and list(first) != list(second)
    np.testing.assert_array_equal(next(two), first)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"test_item": None}, "lacks test_item"),
        ({"num_user": 3}, "num_user=3, but user_ptr is for 2 users"),
        ({"items": [0, 1, 0, P, 4]}, "training item 5 is unknown: ids run from 0 to 4"),
        ({"test_item": [0, -1]}, "test item -1 is unknown"),
        ({"user_ptr": [0, 5, 5]}, "user 1 has no training item; leave out users with fewer than three items"),
        ({"user_ptr": [0, 4, 6]}, "user_ptr does not divide the 5 training items"),
        ({"validate_item": [3]}, "1 validation items for 2 users"),
        ({"user_ptr": [0], "num_user": 0, "items": np.zeros(0, int)}, "hold no user"),
        ({"items": np.zeros((2, 2), int)}, "items is int64 of 2 dimensions; it must be whole numbers of 1"),
        ({"test_item": [0.5, 1.5]}, "test_item is float64"),
        ({"items": np.array([None] * 5, object)}, "allow_pickle=False; give an .npz with the arrays"),
        ({"items": [2**32, 1, 0, 2, 4]}, "items has a number that 32 bits do not hold"),
        ({"num_item": 2**32 + P}, "num_item has a number that 32 bits do not hold"),
        ({"item_names": ["a", "b"]}, "2 different item names for 5 items; give one each"),
        ({"user_names": ["a", "a"]}, "1 different user names for 2 users"),
        ({"user_names": [1, 2]}, "names are int64 of 1 dimensions, not strings"),
        ({"user_names": [b"\xff", b"b"]}, "user_names cannot be read: 'utf-8' codec"),
    ],
)
def test_bad_files_are_named(tmp_path, changes, told):
    with pytest.raises(UserError) as caught:
        Interactions.load(saved(tmp_path, **changes))
    assert told in str(caught.value)


@pytest.mark.parametrize("names", [None, ("ann", "böb")])
def test_what_is_saved_is_read_again(data, tmp_path, names):
    data = dataclasses.replace(
        data, user_names=names, item_names=names and ("0", "eins", "中", "x y", "ends in \u00e9")
    )
    data.save(tmp_path / "again.npz")
    again = Interactions.load(tmp_path / "again.npz")
    for field in dataclasses.fields(data):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(data, field.name))
    assert [path.name for path in tmp_path.iterdir() if "again" in path.name] == ["again.npz"]
    with pytest.raises(UserError, match=r"cannot write /nowhere/again\.npz: No such file"):
        data.save(Path("/nowhere/again.npz"))


def test_no_file(tmp_path):
    with pytest.raises(UserError, match=r"none\.npz does not exist; give an \.npz with"):
        Interactions.load(tmp_path / "none.npz")


def test_a_span_of_nothing(data):
    with pytest.raises(ValueError, match="span=0"):
        count_transitions(data, 3, 0)


def test_files_of_another_kind_and_damaged_ones(tmp_path):
    """Of damaged ones NumPy raises whatever it comes upon."""
    np.save(tmp_path / "array.npy", np.arange(3))
    with pytest.raises(UserError, match=r"array\.npy lacks user_ptr"):
        Interactions.load(tmp_path / "array.npy")
    whole = saved(tmp_path).read_bytes()
    entry = whole.index(b"PK\x01\x02")  # of the first array in the archive's list
    for place in (entry + 6, entry + 10):  # the version that is needed, how it is compressed
        (tmp_path / "damaged.npz").write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
        with pytest.raises(UserError, match=r"cannot read .*damaged\.npz"):
            Interactions.load(tmp_path / "damaged.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"\x93NUMPY"])
def test_broken_files(tmp_path, content):
    (tmp_path / "broken.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot read .*broken\.npz"):
        Interactions.load(tmp_path / "broken.npz")
