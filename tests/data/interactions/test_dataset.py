"""Data sets of interactions are written and read; invalid files are rejected."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.errors import UserError

P = 5  # padding
ARRAYS = {
    "user_ptr": [0, 4, 5],
    "items": [0, 1, 0, 2, 4],
    "validate_item": [3, 1],
    "test_item": [0, 2],
    "num_user": 2,
    "num_item": P,
}


def save(tmp_path, **changes):
    arrays = {name: np.asarray(value) for name, value in {**ARRAYS, **changes}.items() if value is not None}
    np.savez(tmp_path / "data.npz", **arrays)
    return tmp_path / "data.npz"


@pytest.fixture
def data(tmp_path) -> Interactions:
    return Interactions.load(save(tmp_path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_item": None}, "no array test_item"),
        ({"num_user": 3}, "num_user=3, but user_ptr has 2 users"),
        ({"items": [0, 1, 0, P, 4]}, "training item 5 is out of range: ids run from 0 to 4"),
        ({"test_item": [0, -1]}, "test item -1 is out of range"),
        ({"user_ptr": [0, 5, 5]}, "user 1 has no training item; remove users with fewer than three items"),
        ({"user_ptr": [0, 4, 6]}, "user_ptr does not partition the 5 training items"),
        ({"validate_item": [3]}, "1 validation items for 2 users"),
        ({"user_ptr": [0], "num_user": 0, "items": np.zeros(0, int)}, "contain no users"),
        ({"items": np.zeros((2, 2), int)}, "items is int64 of rank 2; it must be integers of rank 1"),
        ({"test_item": [0.5, 1.5]}, "test_item is float64"),
        (
            {"items": np.array([None] * 5, object)},
            "not only numbers; give an .npz with the arrays",
        ),
        ({"items": [2**32, 1, 0, 2, 4]}, "items has a number outside the range of int32"),
        ({"num_item": 2**32 + P}, "num_item has a number outside the range of int32"),
        ({"item_names": ["a", "b"]}, "2 distinct item names for 5 items"),
        ({"user_names": ["a", "a"]}, "1 distinct user names for 2 users"),
        ({"user_names": [1, 2]}, "names are int64 of rank 1, not strings"),
        ({"user_names": [b"\xff", b"b"]}, "user_names cannot be read: 'utf-8' codec"),
    ],
)
def test_invalid_files_are_rejected(tmp_path, changes, message):
    with pytest.raises(UserError) as caught:
        Interactions.load(save(tmp_path, **changes))
    assert message in str(caught.value)


@pytest.mark.parametrize("names", [None, ("ann", "böb")])
def test_load_inverts_save(data, tmp_path, names):
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


def test_an_absent_file_is_rejected(tmp_path):
    with pytest.raises(UserError, match=r"none\.npz does not exist; give an \.npz with"):
        Interactions.load(tmp_path / "none.npz")


def test_other_formats_and_corrupted_archives_are_rejected(tmp_path):
    """NumPy raises many types of errors on a corrupted archive."""
    np.save(tmp_path / "array.npy", np.arange(3))
    with pytest.raises(UserError, match=r"array\.npy has no array user_ptr"):
        Interactions.load(tmp_path / "array.npy")
    whole = save(tmp_path).read_bytes()
    entry = whole.index(b"PK\x01\x02")  # of the first array in the central directory
    for offset in (entry + 6, entry + 10):  # version needed, compression method
        (tmp_path / "damaged.npz").write_bytes(whole[:offset] + b"\xff" + whole[offset + 1 :])
        with pytest.raises(UserError, match=r"cannot read .*damaged\.npz"):
            Interactions.load(tmp_path / "damaged.npz")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"\x93NUMPY"])
def test_corrupted_files_are_rejected(tmp_path, content):
    (tmp_path / "broken.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot read .*broken\.npz"):
        Interactions.load(tmp_path / "broken.npz")
