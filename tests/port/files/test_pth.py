"""Zip checkpoints: valid ones are read exactly, all others are refused, and no code in them runs."""

import argparse
import collections
import datetime
import decimal
import fractions
import os
import pathlib
import random
import subprocess
import sys
import tarfile
import time
import types
import uuid
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import malicious_checkpoints as forged
from timesuite_jax.errors import UserError
from timesuite_jax.port.files.pth import PthFile


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def test_a_valid_file_is_read(tmp_path):
    path, arrays = forged.valid(tmp_path / "valid.pth")
    file = PthFile(path)
    assert file.container == "model" and file.others == ("epoch",)
    assert list(file.infos) == list(arrays)
    for key, array in arrays.items():
        assert same(file.read(key), array), key


def test_it_needs_no_torch(tmp_path):
    path, _ = forged.valid(tmp_path / "valid.pth")
    program = (
        "import sys; sys.modules['torch'] = None; from pathlib import Path\n"
        "from timesuite_jax.port.files.pth import PthFile\n"
        f"print(sorted(PthFile(Path({str(path)!r})).infos))"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "['a', 'a_t', 'empty', 'scalar', 'tail']"


@pytest.mark.parametrize("container", ["model", "module", None])
def test_files_of_torch_are_read(tmp_path, container):
    torch = pytest.importorskip("torch")
    base = torch.randn(4, 6)
    state = torch.nn.Linear(3, 2).state_dict()  # an OrderedDict with `_metadata`
    state |= {
        "t": base.t(),
        "row": base[1],
        "column": base[:, 2],
        "bf16": base.to(torch.bfloat16),
        "f16": base.half(),
        "i64": torch.arange(3),
        "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(2.5, dtype=torch.float64),
        "empty": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(base),
    }
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.ones(2))])
    content = {container: state, "optimizer": optimizer.state_dict(), "lr": 1e-5} if container else dict(state)
    torch.save(content, tmp_path / "x.pth")
    file = PthFile(tmp_path / "x.pth")
    assert file.container == container and list(file.infos) == list(state)
    for key, value in state.items():
        found, value = file.read(key), value.detach()
        assert found.shape == tuple(value.shape) and found.dtype.name == str(value.dtype).removeprefix("torch."), key
        assert np.array_equal(found.astype(np.float64), value.double().numpy()), key


def test_the_original_s_config_is_ignored(tmp_path):
    config = forged.glob("utils.easydict", "EasyDict") + forged.EMPTY_TUPLE + b"\x81"
    config += (
        forged.MARK
        + forged.text("lr")
        + forged.integer(1)
        + b"u"
        + forged.dictionary((forged.text("lr"), forged.integer(1)))
        + b"b"
    )
    state = forged.dictionary((forged.text("w"), forged.tensor("0", [1], [1], numel=1)))
    opcodes = forged.dictionary((forged.text("model"), state), (forged.text("config"), config))
    file = PthFile(forged.write_pth(tmp_path / "x.pth", opcodes, {"0": bytes(4)}))
    assert list(file.infos) == ["w"] and file.others == ("config",)


class Settings:
    """A class of a training script."""

    def __init__(self) -> None:
        self.rate = 1e-4


class Attributes(dict):
    """As easydict and Lightning have it."""


def beside_weights() -> dict[str, Any]:
    """What training scripts save beside the weights."""
    defaults = collections.defaultdict(list, {"a": [1]})
    return {
        "number of NumPy": np.float64(0.5),
        "float32": np.float32(0.5),
        "integer": np.int64(3),
        "bool": np.bool_(True),
        "array": np.arange(6.0).reshape(2, 3),
        "texts": np.array(["a", "b"]),
        "record": np.zeros(2, dtype=[("x", "f4"), ("y", "i8")]),
        "random state": np.random.RandomState(0).get_state(),
        "generator": np.random.default_rng(0).bit_generator.state,
        "python's random state": random.Random(0).getstate(),
        "namespace": argparse.Namespace(lr=1.0, path=pathlib.PurePosixPath("/a")),
        "simple namespace": types.SimpleNamespace(a=[1, {"b": 2}]),
        "defaultdict": defaults,
        "nested defaultdict": collections.defaultdict(int, {("a", 1): 2}),
        "counter": collections.Counter("aab"),
        "deque": collections.deque([1, 2], maxlen=3),
        "path": pathlib.Path("/data/x"),
        "times": [datetime.datetime(2024, 1, 2), datetime.timedelta(3), datetime.date(2024, 1, 2)],
        "timezone": datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC),
        "numbers": [1 + 2j, decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=5), 2**80, -(2**70)],
        "bytes": [b"\x00\xff", bytearray(b"ab"), frozenset({1, 2}), {3}, range(3), None],
        "tuple keys": {("a", 1): 2, (0.5, None): 3},
        "settings": Settings(),
        "attributes": Attributes(lr=1, inner=Attributes(a=2)),
        "class": Settings,
    }


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("kind", beside_weights())
def test_objects_beside_the_weights_are_ignored(tmp_path, kind, protocol):
    torch = pytest.importorskip("torch")
    weights = {"w": torch.arange(3.0)}
    for number, content in enumerate(({"model": weights, "extra": beside_weights()[kind]}, {**weights, "extra": None})):
        if number:
            content["extra"] = beside_weights()[kind]
        torch.save(content, tmp_path / "x.pth", pickle_protocol=protocol)
        file = PthFile(tmp_path / "x.pth")
        assert list(file.infos) == ["w"] and file.others == ("extra",)
        assert np.array_equal(file.read("w"), [0.0, 1.0, 2.0])


def test_a_state_dict_of_another_class_is_read(tmp_path):
    torch = pytest.importorskip("torch")
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.note = "attributes have no effect"
    for state in (collections.defaultdict(list), collections.OrderedDict()):
        state |= {"w": torch.ones(2), "parameter": parameter, "buffer": torch.nn.Buffer(torch.zeros(3))}
        torch.save({"model": state}, tmp_path / "x.pth")
        file = PthFile(tmp_path / "x.pth")
        assert {key: info.shape for key, info in file.infos.items()} == {"w": (2,), "parameter": (2,), "buffer": (3,)}


def test_types_of_eight_bits_are_read(tmp_path):
    torch = pytest.importorskip("torch")
    values = torch.tensor([[0.5, -2.0, 448.0], [1.0, 0.0, 3.5]])
    state = {"a": values.to(torch.float8_e4m3fn), "b": values.to(torch.float8_e5m2).t()}
    torch.save(state, tmp_path / "x.pth")
    file = PthFile(tmp_path / "x.pth")
    for key, value in state.items():
        assert np.array_equal(file.read(key).astype(np.float32), value.float().numpy()), key
    torch.save({"a": torch.arange(3).to(torch.uint16)}, tmp_path / "y.pth")
    with pytest.raises(UserError, match=r"a tensor of type torch\.uint16, which is not read.*weights_only=True"):
        PthFile(tmp_path / "y.pth")
    torch.save({"a": torch.ones(2, dtype=torch.complex64)}, tmp_path / "z.pth")
    with pytest.raises(UserError, match=r"'a' is of type ComplexFloat, which is not read.*weights_only=True"):
        PthFile(tmp_path / "z.pth")


def test_a_whole_model_is_refused_by_name(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save(torch.nn.Linear(2, 2), tmp_path / "x.pth")
    with pytest.raises(UserError, match=r"an object of torch\.nn\.modules\.linear\.Linear, not a state dict"):
        PthFile(tmp_path / "x.pth")


@pytest.mark.parametrize(
    ("content", "container"),
    [
        (lambda state: {"state_dict": state, "hyper_parameters": Attributes(lr=1)}, "state_dict"),
        (lambda state: {"model_state_dict": state, "epoch": 3}, "model_state_dict"),
        (lambda state: {"model": {"name": "x"}, "net": state}, "net"),
        (lambda state: {"model": state, "ema": state}, "model"),
        (lambda state: {"weights": state, "optimizer": {"state": {0: {"exp_avg": state["w"]}}}}, "weights"),
        (lambda state: {**state, "statistics": {"mean": state["w"]}}, None),
    ],
)
def test_the_state_dict_is_found(tmp_path, content, container):
    torch = pytest.importorskip("torch")
    torch.save(content({"w": torch.ones(2)}), tmp_path / "x.pth")
    file = PthFile(tmp_path / "x.pth")
    assert (file.container, list(file.infos)) == (container, ["w"])


@pytest.mark.parametrize("names", [("student", "teacher"), ("model", "state_dict"), ("module", "model_state_dict")])
def test_one_of_several_state_dicts_must_be_chosen(tmp_path, names):
    torch = pytest.importorskip("torch")
    torch.save({name: {"w": torch.full((2,), number)} for number, name in enumerate(names)}, tmp_path / "x.pth")
    with pytest.raises(UserError, match=rf"several state dicts \({', '.join(names)}\); save one of them to a file"):
        PthFile(tmp_path / "x.pth")


def test_expanded_views_are_read(tmp_path):
    torch = pytest.importorskip("torch")
    row = torch.arange(4.0)
    state = {
        "expanded": row.expand(3, 4),
        "scalar": torch.tensor(2.0).expand(2, 3),
        "column": row[:, None].expand(4, 5),
        "windows": row.unfold(0, 2, 1),
        "sliced": torch.arange(24.0).view(4, 6)[1:, ::2].expand(2, 3, 3),
    }
    torch.save(state, tmp_path / "x.pth")
    file = PthFile(tmp_path / "x.pth")
    for key, value in state.items():
        assert np.array_equal(file.read(key), value.numpy()), key


def test_a_legacy_file_is_refused_with_a_remedy(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save({"w": torch.ones(2)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    with pytest.raises(UserError, match=r"before 1\.6.*weights_only=True"):
        PthFile(tmp_path / "old.pth")


def test_malicious_pickles_are_refused(tmp_path):
    trace = tmp_path / "trace"
    pickles = forged.malicious_pickles(trace)
    assert len(pickles) >= 50 and sum(map(forged.disassembles, pickles.values())) >= 50
    for name, opcodes in pickles.items():
        path = forged.write_pth(tmp_path / "malicious.pth", opcodes, {"0": bytes(4)})
        begin = time.process_time()
        with pytest.raises(UserError, match=r"malicious\.pth: refused"):
            PthFile(path)
        assert time.process_time() - begin < 1.0, name
        assert not trace.exists(), name


def test_a_malicious_pickle_is_effective(tmp_path):
    """Python's own unpickler runs it, so that the tests above test something."""
    trace = tmp_path / "trace"
    call = forged.malicious_pickles(trace)["os.system as top"]
    program = f"import pickle; pickle.loads({forged.PROTO + call + forged.STOP!r})"
    subprocess.run([sys.executable, "-c", program], check=True)
    assert trace.exists()


ONE = {"w": forged.tensor("0", [4], [1], numel=4)}
BAD_TENSORS = {
    "more values than the storage has": forged.tensor("0", [400], [1], numel=400),
    "beyond the storage": forged.tensor("0", [4], [1], numel=4, offset=1),
    "stride beyond": forged.tensor("0", [2], [100], numel=4),
    "expanded to terabytes": forged.tensor("0", [2**40], [0], numel=4),
    "empty but absurd": forged.tensor("0", [0, 2**62, 2**62], [1, 1, 1], numel=4),
    "missing storage": forged.tensor("7", [4], [1], numel=4),
}


@pytest.mark.parametrize("name", BAD_TENSORS)
def test_tensors_beyond_their_storage_are_refused(tmp_path, name):
    path = forged.write_pth(
        tmp_path / "x.pth", forged.dictionary((forged.text("w"), BAD_TENSORS[name])), {"0": bytes(16)}
    )
    with pytest.raises(UserError, match="storage"):
        PthFile(path)


def plain(path, **kwargs):
    return forged.write_pth(path, forged.dictionary((forged.text("w"), ONE["w"])), {"0": bytes(16)}, **kwargs)


def test_compressed_entries_are_refused(tmp_path):
    opcodes = forged.dictionary((forged.text("w"), forged.tensor("0", [2**24], [1], numel=2**24)))
    path = forged.write_pth(tmp_path / "x.pth", opcodes, {"0": bytes(2**26)}, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 2**20
    with pytest.raises(UserError, match="is compressed"):
        PthFile(path)


def test_overlapping_entries_are_refused(tmp_path):
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "archive/data.pkl", forged.PROTO + forged.dictionary((forged.text("w"), ONE["w"])) + forged.STOP
        )
        archive.writestr("archive/data/0", bytes(16))
        archive.writestr("archive/data/1", bytes(16))
        archive.filelist[2].header_offset = archive.filelist[1].header_offset
    with pytest.raises(UserError, match="overlap"):
        PthFile(path)


def test_files_without_a_state_dict_are_refused(tmp_path):
    for opcodes, words in [
        (forged.integer(3), "contains a int"),
        (forged.dictionary((forged.text("lr"), b"N")), "no tensors.*lr"),
    ]:
        with pytest.raises(UserError, match=words):
            PthFile(forged.write_pth(tmp_path / "x.pth", opcodes, {}))


def test_other_archives_are_refused(tmp_path):
    path = plain(tmp_path / "script.pt")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/constants.pkl", b"")
    with pytest.raises(UserError, match="TorchScript"):
        PthFile(path)
    with zipfile.ZipFile(tmp_path / "docs.zip", "w") as archive:
        archive.writestr("readme.txt", b"hello")
    with pytest.raises(UserError, match="not a PyTorch checkpoint"):
        PthFile(tmp_path / "docs.zip")
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.add(tmp_path / "docs.zip")
    with pytest.raises(UserError, match="not a PyTorch checkpoint"):
        PthFile(tmp_path / "x.tar")
    with zipfile.ZipFile(tmp_path / "big.pth", "w") as archive:
        archive.writestr(
            "archive/data.pkl", forged.PROTO + forged.dictionary((forged.text("w"), ONE["w"])) + forged.STOP
        )
        archive.writestr("archive/byteorder", b"big")
    with pytest.raises(UserError, match="big-endian"):
        PthFile(tmp_path / "big.pth")
    (tmp_path / "empty.pth").touch()
    with pytest.raises(UserError, match=r"is empty \(0 bytes\); copy it again"):
        PthFile(tmp_path / "empty.pth")


def test_every_truncation_is_refused(tmp_path):
    whole = forged.valid(tmp_path / "valid.pth")[0].read_bytes()
    path = tmp_path / "cut.pth"
    for size in range(0, len(whole), 3):
        path.write_bytes(whole[:size])
        with pytest.raises(UserError, match=r"cut\.pth"):
            PthFile(path)


@settings(max_examples=int(os.environ.get("TIMESUITE_FUZZ_EXAMPLES", "300")))
@given(st.data())
def test_random_bytes(tmp_path_factory, data):
    """Files with random bytes changed are read or refused with a UserError, never anything else."""
    folder = tmp_path_factory.getbasetemp()
    whole = bytearray(forged.valid(folder / "seed.pth")[0].read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = folder / "fuzzed.pth"
    path.write_bytes(bytes(whole))
    try:
        file = PthFile(path)
        for key in file.infos:
            assert file.read(key).nbytes <= 1024
    except UserError as error:
        assert "fuzzed.pth" in str(error)
