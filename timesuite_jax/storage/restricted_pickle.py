"""A restricted pickle interpreter, which builds plain data only.

Python's own unpickler imports and calls whatever a file names; overriding `find_class` filters names, but still runs
the full set of opcodes. This interpreter implements only the opcodes that plain data need. A global in the file becomes
a `Name`, an inert pair of strings; "calling" it looks it up in the table of the file's `Dialect`. There is no import,
no getattr and no call of anything that a file chooses.
"""

import dataclasses
import io
import pickletools
import re
import struct
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn

from timesuite_jax.errors import UserError

WRONG_KIND = "an opcode with an operand of the wrong kind (damaged)"
MAX_PICKLE = 64 * 2**20  # bytes; the pickles read here contain names and integers, a few megabytes at most


@dataclasses.dataclass(frozen=True)
class Name:
    """A global that the file names; never imported."""

    module: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.module}.{self.attribute}"


@dataclasses.dataclass(frozen=True)
class Dialect:
    """What the pickles of one kind of file may contain.

    Attributes:
      kind: name of the kind of file, for messages.
      calls: functions that names may "call": pure, and validating their arguments.
      build: called with an object and the state that the file gives it (opcode BUILD); must not keep the state.
      mentions: other names that may occur without being called.
      lookup: returns the object of a persistent id; None if the files have no persistent ids.
      remedy: what to do if a file is rejected, for messages.
      opaque_classes: whether objects of classes outside the standard library may occur; they become `Opaque`.
    """

    kind: str
    calls: Mapping[str, Callable[..., Any]]
    build: Callable[[Any, Any], None]
    mentions: Collection[str] = ()
    lookup: Callable[[Any], Any] | None = None
    remedy: str = ""
    opaque_classes: bool = False


@dataclasses.dataclass(frozen=True)
class Opaque:
    """An object of the file whose content is ignored."""

    kind: str  # name of its class


def opaque(kind: str) -> Callable[..., Opaque]:
    """A function for `Dialect.calls` that makes an `Opaque` of any arguments."""
    return lambda *_: Opaque(kind)


def opaque_instance(cls: Any, *_: Any) -> Opaque:
    """Makes an `Opaque` of a function whose first argument is the class of the object.

    Raises:
      ValueError: if that is not a class.
    """
    if not isinstance(cls, Name):
        raise ValueError("an object without a class")
    return Opaque(str(cls))


def pairs(items: Any = ()) -> dict[Any, Any]:
    """Builds a dictionary from a list of pairs.

    Raises:
      ValueError: if the items are not pairs, or a key is not a plain value.
    """
    if type(items) not in (list, tuple) or any(type(item) not in (list, tuple) or len(item) != 2 for item in items):
        raise ValueError("an ordered dictionary that is not made of pairs")
    return {_key(key): value for key, value in items}


def _key(value: Any) -> Any:
    # Hashing deeply nested tuples could take forever; checkpoints have flat keys, or tuples of them.
    if type(value) is tuple and not any(type(part) is tuple for part in value):
        return tuple(_key(part) for part in value)
    if type(value) not in (str, int, float, bool, type(None), bytes):
        raise ValueError(f"a dictionary key or set member of type {type(value).__name__}")
    if type(value) is int and value.bit_length() > 63:  # arbitrarily many larger integers share one hash
        raise ValueError("a dictionary key or set member beyond 64 bits")
    return value


def members(items: Any = ()) -> set[Any]:
    """Builds a set from a list.

    Raises:
      ValueError: if it is not a list, or a member is not a plain value.
    """
    if type(items) not in (list, tuple):
        raise ValueError("a set that is not made of a list")
    return {_key(item) for item in items}


def _is_class(name: Name) -> bool:
    """Whether this is, by its spelling, a class of a package outside the standard library.

    Nothing is called either way, but a file with `os.system` in it is malicious, and refused.
    """
    parts = name.attribute.split(".")
    return _package(name) not in sys.stdlib_module_names and all(re.fullmatch(r"_*[A-Z]\w*", part) for part in parts)


def _package(name: Name) -> str:
    return name.module.partition(".")[0]


class _Forbidden(ValueError):
    """A name of the standard library that is not data."""


_MARK = object()
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_VALUES = {
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
    "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
}  # fmt: skip
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_SET": set}
_STRUCTURE = {
    "PROTO", "FRAME", "MARK", "STOP", "POP", "POP_MARK", "GLOBAL", "STACK_GLOBAL", "BINPERSID", "REDUCE", "NEWOBJ",
    "BUILD", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "LIST", "DICT", "APPEND", "APPENDS", "SETITEM", "SETITEMS",
    "ADDITEMS", "FROZENSET", "BINPUT", "LONG_BINPUT", "MEMOIZE", "BINGET", "LONG_BINGET",
}  # fmt: skip
_KNOWN = {*_CONSTANTS, *_VALUES, *_EMPTY, *_STRUCTURE}
_OPCODES = {op.code.encode("latin-1"): op for op in pickletools.opcodes if op.name in _KNOWN}


def load_restricted(data: bytes, where: str, dialect: Dialect) -> Any:
    """Builds the value that a pickle describes.

    Args:
      data: the pickle.
      where: file name for messages.
      dialect: what it may contain.

    Returns:
      Dictionaries, lists, tuples, sets, numbers, strings, and the results of the dialect's functions.

    Raises:
      UserError: if the pickle is damaged or contains anything but data.
    """
    if len(data) > MAX_PICKLE:
        raise UserError(f"{where}: its pickle has {len(data)} bytes, at most {MAX_PICKLE} are read{dialect.remedy}")
    try:
        return _Machine(data, dialect).run()
    except _Forbidden as error:
        raise UserError(
            f"{where}: refused, its pickle holds {error}; a program that loads it may run harmful code: get the file "
            "from an origin that you trust"
        ) from error
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, struct.error) as error:
        raise UserError(f"{where}: refused, its pickle holds {error}{dialect.remedy}") from error


class _Machine:
    def __init__(self, data: bytes, dialect: Dialect):
        self._stream, self._dialect = io.BytesIO(data), dialect
        self._left = len(data)  # elements that calls may still receive: a file could copy one list forever
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        while True:
            code = self._stream.read(1)
            if code not in _OPCODES:
                self._refuse_opcode(code)
            op = _OPCODES[code]
            if op.name == "GLOBAL":
                argument = self._line(), self._line()
            else:
                argument = op.arg.reader(self._stream) if op.arg is not None else None
            if op.name == "STOP":
                return self._pop()
            self._step(op.name, argument)

    def _line(self) -> str:
        """Reads one line of a global's name, without interpreting backslashes as pickletools does."""
        line = self._stream.readline()
        if not line.endswith(b"\n"):
            raise ValueError("an unexpected end (truncated)")
        return line[:-1].decode()

    def _pop(self) -> Any:
        if not self._stack or self._stack[-1] is _MARK:
            raise ValueError("an opcode without operand (damaged)")
        return self._stack.pop()

    def _top(self, kind: type | tuple[type, ...]) -> Any:
        if not self._stack or not isinstance(self._stack[-1], kind):
            raise ValueError(WRONG_KIND)
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
                if not isinstance(target := self._top((list, Opaque)), Opaque):
                    target.extend(items)
            case "ADDITEMS" | "FROZENSET":
                items = self._to_mark()
                if name == "FROZENSET":
                    push(set())
                if not isinstance(target := self._top((set, Opaque)), Opaque):
                    target.update(members(items))
            case "SETITEM" | "SETITEMS" | "DICT":
                items = [self._pop(), self._pop()][::-1] if name == "SETITEM" else self._to_mark()
                if name == "DICT":
                    push({})
                if not isinstance(target := self._top((dict, Opaque)), Opaque):
                    target.update(pairs(list(zip(items[::2], items[1::2], strict=True))))
            case "GLOBAL":
                push(self._admitted(Name(*argument)))
            case "STACK_GLOBAL":
                attribute, module = self._pop(), self._pop()
                if type(module) is not str or type(attribute) is not str:
                    raise ValueError("a global without a name (damaged)")
                push(self._admitted(Name(module, attribute)))
            case "BINPERSID":
                if self._dialect.lookup is None:
                    self._refuse_opcode(b"Q")
                push(self._dialect.lookup(self._pop()))
            case "REDUCE" | "NEWOBJ":
                arguments, callee = self._pop(), self._pop()
                function = self._function(callee)
                if type(arguments) is not tuple:
                    raise ValueError("a call of a name that is not allowed")
                self._left -= len(arguments)
                if self._left >= 0:
                    self._left -= sum(len(given) for given in arguments if isinstance(given, list | tuple | dict | set))
                if self._left < 0:
                    raise ValueError("one value that is copied too often (forged)")
                push(function(*arguments))
            case "BUILD":
                attributes = self._pop()
                if not isinstance(target := self._top(object), Opaque):
                    self._dialect.build(target, attributes)

    def _admitted(self, name: Name) -> Name:
        known = str(name) in self._dialect.calls or str(name) in self._dialect.mentions
        if not known and not (self._dialect.opaque_classes and _is_class(name)):
            forbidden = _package(name) in sys.stdlib_module_names
            raise (_Forbidden if forbidden else ValueError)(f"{str(name)[:120]!r}, which no {self._dialect.kind} needs")
        return name

    def _function(self, callee: Any) -> Callable[..., Any]:
        """What a call of an admitted name does."""
        if isinstance(callee, Name):
            if str(callee) in self._dialect.calls:
                return self._dialect.calls[str(callee)]
            if str(callee) not in self._dialect.mentions:
                return opaque(str(callee))
        raise ValueError("a call of a name that is not allowed")

    def _refuse_opcode(self, code: bytes) -> NoReturn:
        if not code:
            raise ValueError("an unexpected end (truncated)")
        known = {op.code.encode("latin-1"): op.name for op in pickletools.opcodes}
        raise ValueError(f"the opcode {known.get(code, code.hex())}, which no {self._dialect.kind} needs")
