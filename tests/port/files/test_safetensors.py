"""Safetensors files: valid ones are read as the reference implementation reads them, all others are refused."""

import json
import os

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from timesuite_jax.errors import UserError
from timesuite_jax.port.files.safetensors import DTYPES, SafetensorsFile, write_safetensors
from timesuite_jax.port.files.source import TensorInfo

RNG = np.random.default_rng(0)
TENSORS = {
    "a": RNG.normal(size=(3, 4)).astype(np.float32),
    "b.c": RNG.normal(size=(2, 1, 5)).astype(np.float16),
    "bf16": RNG.normal(size=(7,)).astype(ml_dtypes.bfloat16),
    "ids": np.arange(6, dtype=np.int64)[None],
    "flag": np.array([True, False]),
    "scalar": np.array(2.5, np.float64),
    "empty": np.zeros((0, 3), np.float32),
}


def write(path, tensors):
    infos = {key: TensorInfo(array.shape, array.dtype) for key, array in tensors.items()}
    write_safetensors(path, tensors.items(), infos, {"format": "pt"})
    return path


def same(found, expected):
    return found.dtype == expected.dtype and found.shape == expected.shape and found.tobytes() == expected.tobytes()


def test_files_of_the_library_are_read(tmp_path):
    save_file(TENSORS, tmp_path / "x.safetensors", {"origin": "test"})
    file = SafetensorsFile(tmp_path / "x.safetensors")
    assert set(file.infos) == set(TENSORS)
    assert all(same(file.read(key), array) for key, array in TENSORS.items())


def test_the_library_reads_our_files(tmp_path):
    found = load_file(write(tmp_path / "x.safetensors", TENSORS))
    assert set(found) == set(TENSORS)
    assert all(same(found[key], array) for key, array in TENSORS.items())
    assert not (tmp_path / "x.safetensors.partial").exists()


@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_every_type_round_trips(tmp_path, dtype):
    array = np.arange(5).astype(dtype)
    assert same(SafetensorsFile(write(tmp_path / "x.safetensors", {"x": array})).read("x"), array)


def test_a_type_unknown_to_the_format_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"z has type complex128.*cast"):
        write(tmp_path / "x.safetensors", {"z": np.zeros(2, np.complex128)})


def forge(path, header, data=b"", length=None):
    body = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(body) if length is None else length).to_bytes(8, "little") + body + data)
    return path


def entry(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


FORGERIES = {
    "giant header": (b"{}", b"", 2**40),
    "header beyond the file": (b"{}", b"", 50),
    "no JSON": (b"{nope", b""),
    "no object": (b"[]", b""),
    "deep nesting": (b'{"a":' * 50_000, b""),
    "overlap": ({"a": entry([2], 0, 8), "b": entry([2], 4, 12)}, bytes(12)),
    "hole": ({"a": entry([1], 0, 4), "b": entry([1], 8, 12)}, bytes(12)),
    "tail": ({"a": entry([1], 0, 4)}, bytes(9)),
    "truncated": ({"a": entry([4], 0, 16)}, bytes(12)),
    "size against shape": ({"a": entry([3], 0, 16)}, bytes(16)),
    "negative size": ({"a": entry([-1], 0, 4)}, bytes(4)),
    "negative offset": ({"a": entry([1], -4, 0)}, bytes(4)),
    "absurd but empty": ({"a": entry([0, 2**62, 2**62], 0, 0)}, b""),
    "absurd dimension": ({"a": entry([0, 2**62], 0, 0)}, b""),
    "boolean size": ({"a": entry([True], 0, 4)}, bytes(4)),
    "unknown type": ({"a": entry([1], 0, 4, "F31")}, bytes(4)),
    "type without a numpy equivalent": ({"a": entry([1], 0, 1, "F8_E8M0")}, bytes(1)),
    "type that is a list": ({"a": entry([1], 0, 4, ["F32"])}, bytes(4)),
    "entry that is a number": ({"a": 3}, b""),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_headers_are_refused(tmp_path, name):
    with pytest.raises(UserError, match=r"x\.safetensors.*(copy it again|get the file again|readable types are)"):
        SafetensorsFile(forge(tmp_path / "x.safetensors", *FORGERIES[name]))


def test_every_truncation_is_refused(tmp_path):
    whole = write(tmp_path / "x.safetensors", TENSORS).read_bytes()
    path = tmp_path / "cut.safetensors"
    for size in range(0, len(whole), 3):
        path.write_bytes(whole[:size])
        with pytest.raises(UserError, match=r"cut\.safetensors"):
            SafetensorsFile(path)


def test_a_file_truncated_after_opening_is_refused(tmp_path):
    path = write(tmp_path / "x.safetensors", TENSORS)
    file = SafetensorsFile(path)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(UserError, match=r"has 600 bytes.*copy the file again"):
        [file.read(key) for key in TENSORS]


@settings(max_examples=int(os.environ.get("TIMESUITE_FUZZ_EXAMPLES", "300")))
@given(st.data())
def test_random_headers(tmp_path_factory, data):
    """Files with random bytes changed are read or refused with a UserError, never anything else."""
    folder = tmp_path_factory.getbasetemp()
    whole = bytearray(write(folder / "seed.safetensors", TENSORS).read_bytes())
    header = 8 + int.from_bytes(whole[:8], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, header - 1))] = data.draw(st.integers(0, 255))
    path = folder / "fuzzed.safetensors"
    path.write_bytes(bytes(whole))
    try:
        file = SafetensorsFile(path)
        for key in file.infos:
            assert file.read(key).nbytes <= len(whole)
    except UserError as error:
        assert "fuzzed.safetensors" in str(error)
