"""The pickle dialect of `torch.save`: views of storages, ordered dictionaries, the config classes of the original."""

import dataclasses
from collections.abc import Callable
from typing import Any

from timesuite_jax.storage.restricted_pickle import WRONG_KIND, Dialect, Name, members, pairs

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


class IgnoredConfig(dict):
    """An attribute dictionary of the original's config (EasyDict, Namespace); its content is ignored."""


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> TensorRef:
    def naturals(values: Any) -> bool:
        return type(values) is tuple and len(values) <= 32 and all(type(v) is int and v >= 0 for v in values)

    valid = isinstance(storage, StorageRef) and type(offset) is int and offset >= 0
    if not valid or not naturals(shape) or not naturals(strides) or len(shape) != len(strides):
        raise ValueError("a tensor without a valid storage, offset, shape or strides")
    return TensorRef(storage, offset, shape, strides)


def _parameter(tensor: Any, *_: Any) -> TensorRef:
    if not isinstance(tensor, TensorRef):
        raise ValueError("a parameter that is not a tensor")
    return tensor


_CALLS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "collections.OrderedDict": pairs,
    "builtins.set": members,
    "__builtin__.set": members,
    "torch.Size": lambda items=(): tuple(items) if type(items) in (tuple, list) else (),
    "torch.device": lambda *parts: None,
    "utils.easydict.EasyDict": lambda *_: IgnoredConfig(),
    "easydict.EasyDict": lambda *_: IgnoredConfig(),
    "argparse.Namespace": lambda *_: IgnoredConfig(),
}
_KINDS = ("Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
_DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
_MENTIONS = {
    *(f"torch.{kind}Storage" for kind in _KINDS),
    "torch.storage.UntypedStorage",
    *(f"torch.{dtype}" for dtype in _DTYPES),
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
    # Attributes of an ordered dictionary or a config: no tensor needs them.
    if not isinstance(value, dict | TensorRef):
        raise ValueError(WRONG_KIND)


TORCH = Dialect("torch checkpoint", _CALLS, _build, _MENTIONS, _storage, REMEDY)
