"""The authors' own files: honest ones are read exactly, all others are refused, and nothing of them ever runs."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from timesuite_jax.cli.main import main
from timesuite_jax.data import Interactions, read_released
from timesuite_jax.errors import UserError

TRAIN, VALIDATION, TEST = {1: [4], 0: [0, 3, 300]}, {0: [2], 1: [0]}, {0: 1, 1: 2}


def release(path: Path, *content: object) -> Path:
    """A file as NumPy writes it, here with the validation items in lists and the test items by themselves."""
    np.save(path, np.array(content or (TRAIN, VALIDATION, TEST, 2, 301), object), allow_pickle=True)
    return path


def test_an_honest_file(tmp_path, capsys):
    file = release(tmp_path / "small.npy")
    assert main(["data", "interactions", str(file), "--out", str(tmp_path / "small.npz")]) == 0
    assert "2 users, 301 items, 8 interactions" in capsys.readouterr().out
    for data in (read_released(file), Interactions.load(tmp_path / "small.npz")):
        np.testing.assert_array_equal(data.start, [0, 3, 4])
        np.testing.assert_array_equal(data.items, [0, 3, 300, 4])
        np.testing.assert_array_equal([data.validation, data.test], [[2, 0], [1, 2]])
        assert data.num_items == 301 and data.items.dtype == np.int32


def test_what_is_for_logs_is_refused(tmp_path, capsys):
    words = ["data", "interactions", str(release(tmp_path / "small.npy")), "--out", str(tmp_path / "small.npz")]
    assert main([*words, "--core", "5"]) == 2
    assert "--core is for logs" in capsys.readouterr().err and not (tmp_path / "small.npz").exists()


LONG = list(range(300)) * 10


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ((TRAIN, VALIDATION, TEST, 2), r"holds object \[4\], not five objects"),
        ((TRAIN, VALIDATION, TEST, 2.0, 301), "does not hold three dictionaries and two numbers"),
        ((TRAIN, VALIDATION, TEST, 3, 301), "the training items are not those of users 0 to 2"),
        ((TRAIN, {0: [2], 2: [0]}, TEST, 2, 301), "the validation items are not those of users 0 to 1"),
        ((TRAIN, VALIDATION, TEST, 2, 300), r"user 0 took \[0, 3, 300\], but items run from 0 to 299"),
        ((TRAIN, VALIDATION, {0: [True], 1: [2]}, 2, 301), r"user 0 took \[True\]"),
        ((TRAIN, VALIDATION, {0: [1, 2], 1: [2]}, 2, 301), "a user has not one validation and one test item"),
        (({0: [], 1: [4]}, VALIDATION, TEST, 2, 301), "user 0 has no training item"),
        ((dict.fromkeys(range(9), LONG), *2 * [dict.fromkeys(range(9), 1)], 9, 300), "users share their lists"),
        ((TRAIN, VALIDATION, TEST, 2, np.int64(301)), "'numpy.*scalar', which no released data set needs"),
    ],
)  # fmt: skip
def test_what_is_no_data_set_is_named(tmp_path, content, told):
    with pytest.raises(UserError, match=told):
        read_released(release(tmp_path / "odd.npy", *content))


class Mischief:
    """What Python's own unpickler would run."""

    def __reduce__(self):
        return os.system, ("echo ran > ran",)


def test_nothing_of_a_file_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"'posix\.system', which no released data set needs"):
        read_released(release(Path("bad.npy"), Mischief(), VALIDATION, TEST, 2, 301))
    assert not Path("ran").exists()


def test_damaged_files_are_refused(tmp_path):
    whole = release(tmp_path / "whole.npy").read_bytes()
    for size in (0, 5, 60, 128, 200, len(whole) - 1):
        (tmp_path / "cut.npy").write_bytes(whole[:size])
        with pytest.raises(UserError, match=r"cut\.npy"):
            read_released(tmp_path / "cut.npy")
    (tmp_path / "storage.npy").write_bytes(whole[:128] + pickle.dumps(None, 2)[:2] + b"NQ.")
    with pytest.raises(UserError, match="the opcode BINPERSID, which no released data set needs"):
        read_released(tmp_path / "storage.npy")
    with pytest.raises(UserError, match=r"cannot read .*absent\.npy"):
        read_released(tmp_path / "absent.npy")
