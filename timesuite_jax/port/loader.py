"""Loads parameters one tensor at a time, from mapped files to numpy or directly to the shards of a device mesh.

Each shard is allocated once and filled from the mapped file, layer by layer for a stacked leaf. The host never needs
more memory than the shard being filled and the tensor being read; a 7B import needs no second copy of the model.
"""

import dataclasses
import functools
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from timesuite_jax import param_tree as trees
from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.port.files.lazy_array import Index, LazyArray
from timesuite_jax.port.files.source import TensorInfo
from timesuite_jax.port.load_plan import LoadPlan, resolve
from timesuite_jax.port.loading_order import CheckpointLayer, ModelPort
from timesuite_jax.port.quantize import quantized_leaves
from timesuite_jax.port.report import LoadReport
from timesuite_jax.port.table import Entry

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class LoadedParams:
    """Parameters as a nested dict, without those that were expected to be missing, and where each came from."""

    params: dict[str, Any]
    report: LoadReport


def lazy_arrays(plan: LoadPlan, wanted: Mapping[ParamPath, Any] | None = None) -> dict[ParamPath, LazyArray]:
    """The leaves of a plan, by path; those with NaN or infinite values are noted in its report when they are read.

    Args:
      plan: from `resolve`.
      wanted: leaves with the `dtype` to cast to, or to quantize to; None: as stored.

    Raises:
      UserError: if the tensors of a stack have different types and `wanted` does not decide.
    """
    leaves = {}
    for path, group in sorted(plan.table.by_path.items(), key=lambda slot: slot[0]):  # the order of `TreeSource`
        if group[0].torch not in plan.sources:
            continue
        shape = group[0].layout.jax_shape(_info(plan, group[0]).shape)
        shape = shape if group[0].layer is None else (len(group), *shape)
        integers = None if wanted is None else wanted.get((*path, "quantized"))
        if integers is not None:
            dtype = np.dtype(np.float32)
        else:
            dtype = _common_dtype(plan, group) if wanted is None else np.dtype(wanted[path].dtype)
        leaf = LazyArray(shape, dtype, group[0].layer is not None, functools.partial(_fill, plan, group, shape, dtype))
        leaves |= {path: leaf} if integers is None else quantized_leaves(path, leaf, np.dtype(integers.dtype))
    return leaves


def load(
    port: ModelPort,
    layers: Sequence[CheckpointLayer],
    expect_missing: Sequence[str] = (),
    expect_unused: Sequence[str] = (),
) -> LoadedParams:
    """Loads the model that the files contain, with their types, as numpy arrays.

    Raises:
      UserError: with all that does not match, see `resolve`; or if values are NaN or infinite.
    """
    plan = resolve(port, layers, None, expect_missing, expect_unused)
    leaves = {path: leaf.whole() for path, leaf in lazy_arrays(plan).items()}
    plan.report.check_finite()
    return LoadedParams(trees.from_paths(leaves), plan.report)


def load_into(
    port: ModelPort,
    targets: Mapping[str, Any],
    layers: Sequence[CheckpointLayer],
    expect_missing: Sequence[str] = (),
    expect_unused: Sequence[str] = (),
    allow_nan: bool = False,
) -> LoadedParams:
    """Loads a model of known shapes, cast to its types, with its shardings.

    Args:
      port: the model.
      targets: nested dict of `jax.ShapeDtypeStruct`. A leaf with a sharding becomes a `jax.Array` of which this process
        fills its own shards, any other leaf a numpy array.
      layers: files in loading order.
      expect_missing: patterns of parameters that may be missing from the files; they are left out of the result.
      expect_unused: patterns of keys that the model does not need.
      allow_nan: accept values that are NaN or infinite.

    Raises:
      UserError: with all that does not match, see `resolve`; or if values are NaN or infinite.
    """
    wanted = dict(trees.leaves_with_paths(targets))
    shapes = {path: tuple(leaf.shape) for path, leaf in wanted.items()}
    plan = resolve(port, layers, shapes, expect_missing, expect_unused)
    leaves = {path: _place(leaf, wanted[path]) for path, leaf in lazy_arrays(plan, wanted).items()}
    if not allow_nan:
        plan.report.check_finite()
    if jax.process_index() == 0:
        _log.info(plan.report.coverage())
    return LoadedParams(trees.from_paths(leaves), plan.report)


def _place(leaf: LazyArray, target: Any) -> Any:
    if getattr(target, "sharding", None) is None:
        return leaf.whole()
    # Shard by shard, each on its device before the next is read; a shard of several devices is read once.
    places = target.sharding.addressable_devices_indices_map(leaf.shape)
    shards, last, values = [], None, None
    for device, index in sorted(places.items(), key=lambda item: str(item[1])):
        if values is None or index != last:
            values = None  # before the next is read
            values, last = leaf.fill(index), index
        shards.append(jax.block_until_ready(jax.device_put(values, device)))
    return jax.make_array_from_single_device_arrays(leaf.shape, target.sharding, shards)


def _fill(plan: LoadPlan, group: list[Entry], shape: tuple[int, ...], dtype: np.dtype, index: Index) -> np.ndarray:
    """The part `index` of a leaf, in newly allocated memory."""
    bounds = [part.indices(size) for part, size in zip(index, shape, strict=True)]
    out = np.empty([len(range(*bound)) for bound in bounds], dtype)
    if group[0].layer is None:
        _cast(np.asarray(_read(plan, group[0])[index]), out)  # a part of a scalar is no array
        plan.report.note_values(group[0].torch, out)
        return out
    for row, layer in enumerate(range(*bounds[0])):
        _cast(_read(plan, group[layer])[index[1:]], out[row, ...])
        plan.report.note_values(group[layer].torch, out[row])
    return out


def _cast(values: np.ndarray, out: np.ndarray) -> None:
    """Writes values to another array; those beyond the range of its type become infinite, which the report notes."""
    with np.errstate(over="ignore"):
        out[...] = values


def _read(plan: LoadPlan, entry: Entry) -> np.ndarray:
    source, key = plan.sources[entry.torch]
    return entry.layout.to_jax(source.read(key))


def _info(plan: LoadPlan, entry: Entry) -> TensorInfo:
    source, key = plan.sources[entry.torch]
    return source.infos[key]


def _common_dtype(plan: LoadPlan, group: list[Entry]) -> np.dtype:
    dtypes = {_info(plan, entry).dtype for entry in group}
    if len(dtypes) > 1:
        names = ", ".join(sorted(map(str, dtypes)))
        raise UserError(
            f"{group[0].torch} and the same tensor of other layers have different types ({names}) and cannot be "
            "stacked; give the model's --config, which sets the type to cast them to"
        )
    return dtypes.pop()
