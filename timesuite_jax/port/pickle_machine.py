"""A pickle interpreter that can build data and nothing else.

Python's own unpickler imports and calls whatever a file names; a hook that filters names still runs inside that
machine. This one knows the few opcodes that `torch.save` writes. A name in the file becomes a `Name`, an inert pair of
strings; "calling" one means looking it up in the table `CALLS` below. There is no import, no getattr and no call of
anything that a file could choose.
"""

import dataclasses
import io
import pickletools
import struct
from collections.abc import Callable
from typing import Any, NoReturn

from timesuite_jax.errors import UserError

MAX_PICKLE = 64 * 2**20  # bytes; a checkpoint's pickle holds names and sizes, a few hundred kB
REMEDY = (
    "; if you trust where it comes from, load it once with PyTorch (weights_only=True) and save its tensors as "
    ".safetensors"
)


@dataclasses.dataclass(frozen=True)
class Name:
    """A global that the file mentions; never imported."""

    module: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.module}.{self.attribute}"


@dataclasses.dataclass(frozen=True)
class StorageRef:
    """A storage in the archive: `numel` values of torch's `kind` under `key`."""

    kind: str
    key: str
    numel: int


@dataclasses.dataclass(frozen=True)
class TensorRef:
    """A view of a storage, in values."""

    storage: StorageRef
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class Bag(dict):
    """An attribute dictionary of the original's config (EasyDict, Namespace); its content is of no interest here."""


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> TensorRef:
    def naturals(values: Any) -> bool:
        return type(values) is tuple and len(values) <= 32 and all(type(v) is int and v >= 0 for v in values)

    sound = isinstance(storage, StorageRef) and type(offset) is int and offset >= 0
    if not sound or not naturals(shape) or not naturals(strides) or len(shape) != len(strides):
        raise ValueError("a tensor without sound storage, offset, shape or strides")
    return TensorRef(storage, offset, shape, strides)


def _parameter(tensor: Any, *_: Any) -> TensorRef:
    if not isinstance(tensor, TensorRef):
        raise ValueError("a parameter that is no tensor")
    return tensor


def _pairs(items: Any = ()) -> dict[Any, Any]:
    if type(items) not in (list, tuple) or any(type(item) not in (list, tuple) or len(item) != 2 for item in items):
        raise ValueError("an ordered dictionary that is not made of pairs")
    return {_key(key): value for key, value in items}


def _key(value: Any) -> Any:
    # Hashing nested tuples could take for ever; checkpoints have flat keys.
    if type(value) not in (str, int, float, bool, type(None), bytes):
        raise ValueError(f"a dictionary key or set member of type {type(value).__name__}")
    return value


def _members(items: Any = ()) -> set[Any]:
    if type(items) not in (list, tuple):
        raise ValueError("a set that is not made of a list")
    return {_key(item) for item in items}


# What REDUCE, NEWOBJ may "call": pure functions of this module.
CALLS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "collections.OrderedDict": _pairs,
    "builtins.set": _members,
    "__builtin__.set": _members,
    "torch.Size": lambda items=(): tuple(items) if type(items) in (tuple, list) else (),
    "torch.device": lambda *parts: None,
    "utils.easydict.EasyDict": lambda *_: Bag(),
    "easydict.EasyDict": lambda *_: Bag(),
    "argparse.Namespace": lambda *_: Bag(),
}
# What may be named without being called: storage classes and torch's data types.
KINDS = ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
_DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
MENTIONS = {
    *(f"torch.{kind}Storage" for kind in KINDS),
    "torch.storage.UntypedStorage",
    *(f"torch.{dtype}" for dtype in _DTYPES),
}

_MARK = object()
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_VALUES = {
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
    "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
}  # fmt: skip
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_SET": set}
_STRUCTURE = {
    "PROTO", "FRAME", "MARK", "STOP", "POP", "POP_MARK", "GLOBAL", "STACK_GLOBAL", "BINPERSID", "REDUCE", "NEWOBJ",
    "BUILD", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "LIST", "DICT", "APPEND", "APPENDS", "SETITEM", "SETITEMS",
    "ADDITEMS", "BINPUT", "LONG_BINPUT", "MEMOIZE", "BINGET", "LONG_BINGET",
}  # fmt: skip
_KNOWN = {*_CONSTANTS, *_VALUES, *_EMPTY, *_STRUCTURE}
_OPCODES = {op.code.encode("latin-1"): op for op in pickletools.opcodes if op.name in _KNOWN}


def interpret(data: bytes, where: str) -> Any:
    """Builds the value that a torch checkpoint's pickle describes.

    Args:
      data: the pickle.
      where: file name for messages.

    Returns:
      Dictionaries, lists, tuples, numbers, strings, `TensorRef`s; the config classes of the original as empty `Bag`s.

    Raises:
      UserError: if the pickle is damaged or wants anything but data.
    """
    if len(data) > MAX_PICKLE:
        raise UserError(f"{where}: its pickle has {len(data)} bytes, at most {MAX_PICKLE} are read{REMEDY}")
    try:
        return _Machine(io.BytesIO(data)).run()
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, struct.error) as error:
        raise UserError(f"{where}: refused, its pickle holds {error}{REMEDY}") from error


class _Machine:
    def __init__(self, stream: io.BytesIO):
        self._stream = stream
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        while True:
            code = self._stream.read(1)
            if code not in _OPCODES:
                _refuse_opcode(code)
            op = _OPCODES[code]
            if op.name == "GLOBAL":
                argument = self._line(), self._line()
            else:
                argument = op.arg.reader(self._stream) if op.arg is not None else None
            if op.name == "STOP":
                return self._pop()
            self._step(op.name, argument)

    def _line(self) -> str:
        """A line of a global's name. (pickletools would interpret backslashes in it; no name of ours has any.)"""
        line = self._stream.readline()
        if not line.endswith(b"\n"):
            raise ValueError("an end before its time (truncated)")
        return line[:-1].decode()

    def _pop(self) -> Any:
        if not self._stack or self._stack[-1] is _MARK:
            raise ValueError("an opcode without operand (damaged)")
        return self._stack.pop()

    def _top(self, kind: type | tuple[type, ...]) -> Any:
        if not self._stack or not isinstance(self._stack[-1], kind):
            raise ValueError("an opcode with an operand of the wrong kind (damaged)")
        return self._stack[-1]

    def _to_mark(self) -> list[Any]:
        items = []
        while self._stack:
            item = self._stack.pop()
            if item is _MARK:
                return items[::-1]
            items.append(item)
        raise ValueError("a closing opcode without a mark (damaged)")

    def _step(self, name: str, argument: Any) -> None:
        push = self._stack.append
        match name:
            case "PROTO" | "FRAME":
                pass
            case "MARK":
                push(_MARK)
            case _ if name in _VALUES:
                push(argument)
            case _ if name in _CONSTANTS:
                push(_CONSTANTS[name])
            case _ if name in _EMPTY:
                push(_EMPTY[name]())
            case "POP":
                self._stack.pop()
            case "POP_MARK":
                self._to_mark()
            case "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = self._top(object)
            case "MEMOIZE":
                self._memo[len(self._memo)] = self._top(object)
            case "BINGET" | "LONG_BINGET":
                if argument not in self._memo:
                    raise ValueError("a reference to nothing (damaged)")
                push(self._memo[argument])
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                push(tuple([self._pop() for _ in range(int(name[-1]))][::-1]))
            case "TUPLE" | "LIST":
                items = self._to_mark()
                push(tuple(items) if name == "TUPLE" else items)
            case "APPEND" | "APPENDS":
                items = [self._pop()] if name == "APPEND" else self._to_mark()
                self._top(list).extend(items)
            case "ADDITEMS":
                items = self._to_mark()
                self._top(set).update(_members(items))
            case "SETITEM" | "SETITEMS" | "DICT":
                items = [self._pop(), self._pop()][::-1] if name == "SETITEM" else self._to_mark()
                if name == "DICT":
                    push({})
                self._top(dict).update(_pairs(list(zip(items[::2], items[1::2], strict=True))))
            case "GLOBAL":
                push(_admit(Name(*argument)))
            case "STACK_GLOBAL":
                attribute, module = self._pop(), self._pop()
                if type(module) is not str or type(attribute) is not str:
                    raise ValueError("a global without a name (damaged)")
                push(_admit(Name(module, attribute)))
            case "BINPERSID":
                push(_storage(self._pop()))
            case "REDUCE" | "NEWOBJ":
                arguments, callee = self._pop(), self._pop()
                if not isinstance(callee, Name) or str(callee) not in CALLS or type(arguments) is not tuple:
                    raise ValueError("a call of something that cannot be called")
                push(CALLS[str(callee)](*arguments))
            case "BUILD":
                self._pop()  # attributes of an ordered dictionary or a config: nothing that a tensor needs
                self._top((dict, TensorRef))


def _admit(name: Name) -> Name:
    if str(name) not in CALLS and str(name) not in MENTIONS:
        raise ValueError(f"{str(name)[:120]!r}, which is neither a tensor nor a plain value")
    return name


def _storage(identity: Any) -> StorageRef:
    """The persistent id `("storage", class, key, location, numel)` of torch's zip format."""
    if type(identity) is not tuple or len(identity) != 5 or identity[0] != "storage":
        raise ValueError("a persistent id that is no storage")
    _, kind, key, _, numel = identity
    if not isinstance(kind, Name) or not kind.attribute.endswith("Storage"):
        raise ValueError("a storage without a type")
    if type(key) is not str or type(numel) is not int or numel < 0:
        raise ValueError("a storage without a key or size")
    return StorageRef(kind.attribute.removesuffix("Storage"), key, numel)


def _refuse_opcode(code: bytes) -> NoReturn:
    if not code:
        raise ValueError("an end before its time (truncated)")
    known = {op.code.encode("latin-1"): op.name for op in pickletools.opcodes}
    raise ValueError(f"the opcode {known.get(code, code.hex())}, which no torch checkpoint needs")
