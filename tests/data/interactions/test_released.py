"""Released data sets: valid files are read exactly, all others are rejected, and no code of theirs runs."""

import functools
import os
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timesuite_jax.cli.main import main
from timesuite_jax.data.interactions import Interactions, read_released
from timesuite_jax.errors import UserError

TRAIN, VALIDATION, TEST = {1: [4], 0: [0, 3, 300]}, {0: [2], 1: [0]}, {0: 1, 1: 2}


def release(path: Path, *content: object) -> Path:
    """Writes a file in the released format, with validation items in lists and test items not in lists."""
    return forge(path, pickle.dumps(np.array(content or (TRAIN, VALIDATION, TEST, 2, 301), object), 3))


def forge(path: Path, content: bytes, **header: object) -> Path:
    """Writes a file with this pickle, with the module name that NumPy used before version 2."""
    with path.open("wb") as file:
        content = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": (5,), **header})
        file.write(content)
    return path


def test_a_valid_file_is_read(tmp_path, capsys):
    file = release(tmp_path / "small.npy")
    assert main(["data", "interactions", str(file), "--out", str(tmp_path / "small.npz")]) == 0
    assert "2 users, 301 items, 8 interactions" in capsys.readouterr().out
    for data in (read_released(file), Interactions.load(tmp_path / "small.npz")):
        np.testing.assert_array_equal(data.start, [0, 3, 4])
        np.testing.assert_array_equal(data.items, [0, 3, 300, 4])
        np.testing.assert_array_equal([data.validation, data.test], [[2, 0], [1, 2]])
        assert data.num_items == 301 and data.items.dtype == np.int32


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_files_of_current_numpy_are_read(tmp_path, version):
    content = np.array((TRAIN, VALIDATION, TEST, 2, 301), object)
    with (tmp_path / "new.npy").open("wb") as file, warnings.catch_warnings(action="ignore"):
        np.lib.format.write_array(file, content, version, allow_pickle=True)
    np.testing.assert_array_equal(read_released(tmp_path / "new.npy").items, [0, 3, 300, 4])


def test_options_for_logs_are_rejected(tmp_path, capsys):
    words = ["data", "interactions", str(release(tmp_path / "small.npy")), "--out", str(tmp_path / "small.npz")]
    assert main([*words, "--core", "5"]) == 2
    assert "--core applies to logs" in capsys.readouterr().err and not (tmp_path / "small.npz").exists()


LONG = list(range(300)) * 10
NESTED = functools.reduce(lambda inner, _: [inner, inner], range(60), [0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ((TRAIN, VALIDATION, TEST, 2), "does not contain three dictionaries and two numbers"),
        ((TRAIN, VALIDATION, TEST, 2.0, 301), "does not contain three dictionaries and two numbers"),
        ((TRAIN, VALIDATION, TEST, 3, 301), "does not contain as many users or items"),
        ((TRAIN, VALIDATION, TEST, 2, 2**31), "does not contain as many users or items"),
        (({0: [1], 2: [1]}, VALIDATION, TEST, 2, 301), "the training items are not those of users 0 to 1"),
        ((TRAIN, {0: [2], 2: [0]}, TEST, 2, 301), "the validation items are not those of users 0 to 1"),
        ((TRAIN, VALIDATION, TEST, 2, 300), "user 0 has item 300, but items run from 0 to 299"),
        (({**TRAIN, 1: [-1]}, VALIDATION, TEST, 2, 301), "user 1 has item -1, but"),
        (({**TRAIN, 1: [2**99]}, VALIDATION, TEST, 2, 301), "user 1 has an object of type int, but"),
        (({**TRAIN, 1: NESTED}, VALIDATION, TEST, 2, 301), "user 1 has an object of type list"),
        (({**TRAIN, 2**80: [1]}, VALIDATION, TEST, 2, 301), "a dictionary key or set member beyond 64 bits"),
        ((TRAIN, VALIDATION, {0: [True], 1: [2]}, 2, 301), "user 0 has an object of type bool"),
        ((TRAIN, VALIDATION, {0: [1, 2], 1: [2]}, 2, 301), "a user does not have one validation and one test item"),
        (({0: [], 1: [4]}, VALIDATION, TEST, 2, 301), "user 0 has no training item"),
        ((dict.fromkeys(range(9), LONG), *2 * [dict.fromkeys(range(9), 1)], 9, 300), "users share lists"),
        ((TRAIN, VALIDATION, TEST, 2, np.int64(301)), "'numpy.*scalar', which no released data set needs"),
    ],
)  # fmt: skip
def test_inconsistent_content_is_rejected(tmp_path, content, message):
    with pytest.raises(UserError, match=message):
        read_released(release(tmp_path / "odd.npy", *content))


class Malicious:
    """Runs a command when Python's unpickler loads it."""

    def __reduce__(self):
        return os.system, ("echo ran > ran",)


def test_no_code_of_a_file_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"'posix\.system', which no released data set needs"):
        read_released(release(Path("bad.npy"), Malicious(), VALIDATION, TEST, 2, 301))
    assert not Path("ran").exists()


def test_a_mentioned_name_is_not_called(tmp_path):
    with pytest.raises(UserError, match="a call of a name that is not allowed"):
        read_released(forge(tmp_path / "bad.npy", b"\x80\x03cnumpy\nndarray\n)R."))


def test_copies_of_one_list_are_limited(tmp_path):
    """A list of a thousand items is the argument of a thousand calls."""
    content = b"\x80\x03](" + 1000 * b"K\x01" + b"eq\x00" + 1000 * b"cnumpy\ndtype\nh\x00\x85R0" + b"."
    with pytest.raises(UserError, match=r"copied too often \(forged\)"):
        read_released(forge(tmp_path / "copies.npy", content))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"descr": "<f4"}, r"contains float32 \[5\], not five objects"),
        ({"shape": (4,)}, r"contains object \[4\], not five objects"),
        ({"shape": "five"}, "cannot read"),
    ],
)
def test_other_arrays_are_rejected(tmp_path, header, message):
    with pytest.raises(UserError, match=message):
        read_released(forge(tmp_path / "other.npy", pickle.dumps(None), **header))


def test_truncated_and_corrupted_files_are_rejected(tmp_path):
    whole = release(tmp_path / "whole.npy").read_bytes()
    for size in (0, 5, 60, 128, 200, len(whole) - 1):
        (tmp_path / "cut.npy").write_bytes(whole[:size])
        with pytest.raises(UserError, match=r"cut\.npy"):
            read_released(tmp_path / "cut.npy")
    with pytest.raises(UserError, match="the opcode BINPERSID, which no released data set needs"):
        read_released(forge(tmp_path / "storage.npy", b"\x80\x02NQ."))
    (tmp_path / "late.npy").write_bytes(whole[:6] + b"\x03" + whole[7:])
    with pytest.raises(UserError, match=r"version 3\.0 of NumPy's format is not supported"):
        read_released(tmp_path / "late.npy")
    with pytest.raises(UserError, match=r"cannot read .*absent\.npy"):
        read_released(tmp_path / "absent.npy")


@settings(max_examples=int(os.environ.get("TIMESUITE_FUZZ_EXAMPLES", "300")))
@given(st.data())
def test_fuzz(tmp_path_factory, data):
    """Files with random bytes changed are read or rejected with a UserError."""
    folder = tmp_path_factory.getbasetemp()
    whole = bytearray(release(folder / "seed.npy").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    (folder / "fuzzed.npy").write_bytes(bytes(whole))
    try:
        assert read_released(folder / "fuzzed.npy").num_users == 2
    except UserError as error:
        assert "fuzzed.npy" in str(error) or "items" in str(error)
