"""Checkpoint files written without PyTorch: a valid one, and malicious ones of many kinds."""

import pickletools
import struct
import warnings
import zipfile
from pathlib import Path

import numpy as np

MARK, STOP, REDUCE, BUILD, TUPLE, EMPTY_TUPLE, EMPTY_DICT = b"(", b".", b"R", b"b", b"t", b")", b"}"
PROTO = b"\x80\x02"


def text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def integer(value: int) -> bytes:
    data = value.to_bytes(8, "little")
    return b"\x8a\x08" + data


def glob(module: str, name: str) -> bytes:
    return b"c" + f"{module}\n{name}\n".encode()


def dictionary(*pairs: tuple[bytes, bytes]) -> bytes:
    return EMPTY_DICT + MARK + b"".join(key + value for key, value in pairs) + b"u"


def tuple_(*items: bytes) -> bytes:
    return MARK + b"".join(items) + TUPLE


def tensor(
    key: str, shape: list[int], strides: list[int], *, numel: int, offset: int = 0, kind: str = "Float"
) -> bytes:
    """The opcodes of one tensor, as `torch.save` writes them."""
    storage = tuple_(text("storage"), glob("torch", f"{kind}Storage"), text(key), text("cpu"), integer(numel)) + b"Q"
    hooks = glob("collections", "OrderedDict") + EMPTY_TUPLE + REDUCE
    sizes = [tuple_(*map(integer, shape)), tuple_(*map(integer, strides))]
    arguments = tuple_(storage, integer(offset), *sizes, b"\x89", hooks)
    return glob("torch._utils", "_rebuild_tensor_v2") + arguments + REDUCE


def write_pth(path: Path, opcodes: bytes, storages: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    """A zip checkpoint whose pickle is PROTO + opcodes + STOP."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", PROTO + opcodes + STOP)
        archive.writestr("archive/byteorder", b"little")
        for key, data in storages.items():
            archive.writestr(f"archive/data/{key}", data)
        archive.writestr("archive/version", b"3\n")
    return path


def valid(path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    """A small valid checkpoint with a transposed and a shared tensor, and its tensors."""
    values = np.arange(12, dtype=np.float32)
    state = dictionary(
        (text("a"), tensor("0", [3, 4], [4, 1], numel=12)),
        (text("a_t"), tensor("0", [4, 3], [1, 4], numel=12)),
        (text("tail"), tensor("0", [2], [1], numel=12, offset=10)),
        (text("scalar"), tensor("1", [], [], numel=1, kind="Long")),
        (text("empty"), tensor("2", [0, 5], [5, 1], numel=0, kind="Half")),
    )
    write_pth(
        path,
        dictionary((text("model"), state), (text("epoch"), integer(3))),
        {"0": values.tobytes(), "1": np.int64(7).tobytes(), "2": b""},
    )
    a = values.reshape(3, 4)
    arrays = {"a": a, "a_t": a.T, "tail": values[10:], "scalar": np.array(7), "empty": np.zeros((0, 5), np.float16)}
    return path, arrays


# Functions that an attacker would call, with an argument that creates the file {trace}.
CALLEES = [
    ("os", "system", "touch {trace}"),
    ("posix", "system", "touch {trace}"),
    ("nt", "system", "touch {trace}"),
    ("subprocess", "getoutput", "touch {trace}"),
    ("subprocess", "Popen", "touch {trace}"),
    ("builtins", "eval", "open('{trace}', 'w')"),
    ("builtins", "exec", "open('{trace}', 'w')"),
    ("__builtin__", "eval", "open('{trace}', 'w')"),
    ("builtins", "open", "{trace}"),
    ("builtins", "getattr", "{trace}"),
    ("builtins", "__import__", "antigravity"),
    ("builtins", "print", "{trace}"),
    ("importlib", "import_module", "antigravity"),
    ("runpy", "run_path", "{trace}"),
    ("pathlib", "Path", "{trace}"),
    ("shutil", "rmtree", "{trace}"),
    ("pickle", "loads", "{trace}"),
    ("marshal", "loads", "{trace}"),
    ("types", "FunctionType", "{trace}"),
    ("functools", "partial", "{trace}"),
    ("operator", "attrgetter", "__class__"),
    ("ctypes", "CDLL", "{trace}"),
    ("socket", "create_connection", "{trace}"),
    ("webbrowser", "open", "{trace}"),
    ("pty", "spawn", "{trace}"),
    ("timeit", "timeit", "open('{trace}', 'w')"),
    ("code", "interact", "{trace}"),
    ("numpy", "load", "{trace}"),
    ("numpy.core.multiarray", "_reconstruct", "{trace}"),
    ("torch", "load", "{trace}"),
    ("torch.hub", "load", "{trace}"),
    ("torch.storage", "_load_from_bytes", "{trace}"),
    ("torch._utils", "_rebuild_from_type_v2", "{trace}"),
    ("torch.jit", "load", "{trace}"),
    ("copyreg", "_reconstructor", "{trace}"),
    ("collections", "namedtuple", "{trace}"),
    ("torch._utils", "_rebuild_tensor_v2.__globals__", "{trace}"),
    ("torch", "FloatStorage", "{trace}"),
]


def wrappings(call: bytes, good: bytes) -> dict[str, bytes]:
    """Places where a call can be; `good` is a valid tensor beside it."""
    return {
        "top": call,
        "value": dictionary((text("model"), dictionary((text("w"), good), (text("x"), call)))),
        "beside": dictionary((text("model"), dictionary((text("w"), good))), (text("config"), call)),
        "key": dictionary((call, good)),
        "state": dictionary((text("w"), good)) + call + BUILD,
        "storage": dictionary((text("w"), good), (text("x"), call + b"Q")),
        "argument": dictionary((text("w"), good), (text("x"), glob("torch", "Size") + tuple_(call) + REDUCE)),
        "discarded": call + b"0" + dictionary((text("w"), good)),
    }


def _tensor_of_type(dtype: bytes) -> bytes:
    """A call of the function that builds tensors of given types; `dtype` pushes at least one object, the type last."""
    storage = tuple_(text("storage"), glob("torch", "FloatStorage"), text("0"), text("cpu"), integer(1)) + b"Q"
    function = glob("torch._utils", "_rebuild_tensor_v3")
    arguments = storage + integer(0) + tuple_(integer(1)) * 2 + b"\x89" + EMPTY_DICT
    return dtype + b"q\x02" + function + MARK + arguments + b"h\x02" + TUPLE + REDUCE


def malicious_pickles(trace: Path) -> dict[str, bytes]:
    """Name -> opcodes. Python's own unpickler would create `trace` for most of them, or worse."""
    good = tensor("0", [1], [1], numel=1)
    pickles = {}
    for module, name, argument in CALLEES:
        call = glob(module, name) + tuple_(text(argument.format(trace=trace))) + REDUCE
        pickles[f"{module}.{name}"] = dictionary((text("w"), good), (text("x"), call))
    shell = tuple_(text(f"touch {trace}"))
    for where, opcodes in wrappings(glob("os", "system") + shell + REDUCE, good).items():
        pickles[f"os.system as {where}"] = opcodes
    short = b"\x8c\x02os" + b"\x8c\x06system" + b"\x93"
    pickles |= {
        "stack_global": short + shell + REDUCE,
        "newobj": glob("os", "system") + shell + b"\x81",
        "newobj_ex": glob("os", "system") + shell + EMPTY_DICT + b"\x92",
        "inst": MARK + text(f"touch {trace}") + b"ios\nsystem\n",
        "obj": MARK + glob("os", "system") + text(f"touch {trace}") + b"o",
        "extension": b"\x82\x01",
        "text persistent id": b"Pstorage\n",
        "protocol 0 string": b"S'os'\n",
        "storage called": glob("torch", "FloatStorage") + shell + REDUCE,
        "global through the memo": glob("os", "system") + b"q\x000h\x00" + shell + REDUCE,
        "tensor with a string for storage": glob("torch._utils", "_rebuild_tensor_v2")
        + tuple_(text("x"), integer(0), EMPTY_TUPLE, EMPTY_TUPLE)
        + REDUCE,
        "deep tuple as a key": EMPTY_DICT + EMPTY_TUPLE + b"q\x00h\x00\x86q\x00h\x00" * 40 + b"\x86N" + b"s",
        "number too long to be printed": EMPTY_DICT + b"\x8b\xa0\x0f\x00\x00" + b"\x01" * 4000 + b"Ns",
        "number without end": b"\x8b\xff\xff\xff\x7f\x01",
        "string beyond the end": b"X\xff\xff\xff\xff" + b"x",
        "backslash in a name": glob("torch\\os", "system") + shell + REDUCE,
        "name without end": b"cos\nsystem",
        # Without a limit, its error would contain the text of 2^40 strings.
        "nested tuples as the type of a tensor": _tensor_of_type(
            text("x") + b"q\x00" + b"h\x00h\x00\x86q\x00" * 40 + b"h\x00"
        ),
        "deep list as the type of a tensor": _tensor_of_type(b"]" * 3000 + b"a" * 2999),
        "arguments repeated for ever": MARK
        + b"N" * 20_000
        + TUPLE
        + b"q\x01"
        + (glob("torch", "device") + b"h\x01" + REDUCE + b"0") * 20_000,
        "bare mark": MARK,
        "nothing": b"",
    }
    return pickles


def disassembles(opcodes: bytes) -> bool:
    """Whether this is a well-formed pickle, so that a test with it shows more than a parse error."""
    try:
        with warnings.catch_warnings(action="ignore"):  # genops interprets backslashes in names
            list(pickletools.genops(PROTO + opcodes + STOP))
    except ValueError:
        return False
    return True
