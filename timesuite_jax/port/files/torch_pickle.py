"""The pickle dialect of `torch.save`: views of storages, dictionaries of them, and objects that are ignored."""

import dataclasses
from collections.abc import Callable
from typing import Any

from timesuite_jax.storage.restricted_pickle import (
    WRONG_KIND,
    Dialect,
    Name,
    members,
    opaque,
    opaque_instance,
    pairs,
)

REMEDY = "; if you trust its origin, load it once with PyTorch (weights_only=True) and save its tensors as .safetensors"


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


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> TensorRef:
    def naturals(values: Any) -> bool:
        return type(values) is tuple and len(values) <= 32 and all(type(v) is int and v >= 0 for v in values)

    valid = isinstance(storage, StorageRef) and type(offset) is int and offset >= 0
    if not valid or not naturals(shape) or not naturals(strides) or len(shape) != len(strides):
        raise ValueError("a tensor without a valid storage, offset, shape or strides")
    return TensorRef(storage, offset, shape, strides)


def _tensor_of_bytes(
    storage: Any, offset: Any, shape: Any, strides: Any, grad: Any, hooks: Any, dtype: Any, *_: Any
) -> TensorRef:
    """A tensor of a type that has no storage class of its own: its storage counts bytes."""
    del grad, hooks
    tensor = _tensor(storage, offset, shape, strides)
    # Only of a name: the text of nested tuples may be of any size.
    name = str(dtype)[:40] if isinstance(dtype, Name) else type(dtype).__name__
    if name not in _EIGHT_BITS:
        raise ValueError(f"a tensor of type {name}, which is not read")
    return dataclasses.replace(tensor, storage=dataclasses.replace(tensor.storage, kind=_EIGHT_BITS[name]))


def _parameter(tensor: Any, *_: Any) -> TensorRef:
    if not isinstance(tensor, TensorRef):
        raise ValueError("a parameter that is not a tensor")
    return tensor


def _subclass(function: Any, cls: Any, arguments: Any, state: Any) -> TensorRef:
    """A tensor of a subclass of torch's, as which its plain tensor is read."""
    del cls, state
    name = str(function) if isinstance(function, Name) else ""
    if name not in _TENSORS or type(arguments) is not tuple:
        raise ValueError("a tensor of an unknown subclass")
    return _TENSORS[name](*arguments)


_EIGHT_BITS = {f"torch.float8_{kind}": f"Float8_{kind}" for kind in ("e4m3fn", "e5m2")}
_TENSORS: dict[str, Callable[..., TensorRef]] = {
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_bytes,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
}
# Objects of the standard library that training scripts save beside the weights; their content is ignored. Those of
# other packages need no mention, see `Dialect.opaque_classes`.
_OPAQUE = (
    "argparse.Namespace",
    "types.SimpleNamespace",
    "collections.Counter",
    "collections.deque",
    *(f"pathlib{local}.{kind}Path" for local in ("", "._local") for kind in ("Posix", "PurePosix", "Windows")),
    *(f"datetime.{kind}" for kind in ("date", "datetime", "time", "timedelta", "timezone")),
    "decimal.Decimal",
    "fractions.Fraction",
    "uuid.UUID",
    *(
        f"{module}.{kind}"
        for module in ("builtins", "__builtin__")
        for kind in ("bytearray", "complex", "range", "xrange")
    ),
    "_codecs.encode",  # bytes, in the pickles of torch.save
    "numpy.dtype",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",  # NumPy 2
    "numpy.core.numeric._frombuffer",
    "numpy._core.numeric._frombuffer",
    "torch.device",
)
_CALLS: dict[str, Callable[..., Any]] = {
    **_TENSORS,
    "torch._tensor._rebuild_from_type_v2": _subclass,
    "collections.OrderedDict": pairs,
    "collections.defaultdict": lambda *_: {},
    **{f"{module}.set": members for module in ("builtins", "__builtin__")},
    **{f"{module}.frozenset": members for module in ("builtins", "__builtin__")},
    "torch.Size": lambda items=(): tuple(items) if type(items) in (tuple, list) else (),
    **{name: opaque(name) for name in _OPAQUE},
    "numpy.core.multiarray._reconstruct": opaque_instance,
    "numpy._core.multiarray._reconstruct": opaque_instance,
    "copyreg._reconstructor": opaque_instance,
}
_KINDS = ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
_DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
_DTYPES += ("uint16", "uint32", "uint64", "complex64", "complex128")  # of tensors that are refused, or ignored
_PLAIN = ("dict", "float", "int", "list", "long", "object", "str", "tuple", "unicode")
_MENTIONS = {
    *(f"torch.{kind}Storage" for kind in _KINDS),
    "torch.storage.UntypedStorage",
    *(f"torch.{dtype}" for dtype in _DTYPES),
    *_EIGHT_BITS,
    # What a defaultdict creates, and classes of arrays and objects.
    *(f"{module}.{kind}" for module in ("builtins", "__builtin__") for kind in _PLAIN),
    "numpy.ndarray",
}


def _storage(identity: Any) -> StorageRef:
    """The persistent id `("storage", class, key, location, numel)` of torch's zip format."""
    if type(identity) is not tuple or len(identity) != 5 or identity[0] != "storage":
        raise ValueError("a persistent id that is not a storage")
    _, kind, key, _, numel = identity
    if not isinstance(kind, Name) or not kind.attribute.endswith("Storage"):
        raise ValueError("a storage without a type")
    if type(key) is not str or type(numel) is not int or numel < 0:
        raise ValueError("a storage without a key or size")
    return StorageRef(kind.attribute.removesuffix("Storage"), key, numel)


def _build(value: Any, _: Any) -> None:
    # Attributes of an ordered dictionary: no tensor needs them.
    if not isinstance(value, dict | TensorRef):
        raise ValueError(WRONG_KIND)


TORCH = Dialect("torch checkpoint", _CALLS, _build, _MENTIONS, _storage, REMEDY, opaque_classes=True)
