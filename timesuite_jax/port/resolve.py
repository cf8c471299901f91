"""Files laid over one another in the original's order: decides, before any value is read, where each tensor is from.

Upstream loads every file with `strict=False`. Here each parameter gets exactly one final source, each key of each file
gets a fate, and whatever is missing, unknown or of another shape is gathered and refused at once, unless the caller
named it as expected.
"""

import dataclasses
import fnmatch
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np
from einops import EinopsError

from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.port.files.source import Source
from timesuite_jax.port.loading_order import CheckpointLayer, ModelPort
from timesuite_jax.port.quantize import as_in_files
from timesuite_jax.port.report import LayerReport, LoadReport
from timesuite_jax.port.table import Entry, Table

Shape = tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class LoadPlan:
    """Where every tensor comes from: table key -> (source, key in it)."""

    table: Table
    places: Mapping[str, tuple[Source, str]]
    report: LoadReport


def resolve(
    port: ModelPort,
    layers: Sequence[CheckpointLayer],
    wanted: Mapping[ParamPath, Shape] | None = None,
    expect_missing: Sequence[str] = (),
    expect_unused: Sequence[str] = (),
) -> LoadPlan:
    """Decides where each parameter comes from.

    Args:
      port: the model.
      layers: files in loading order; layers that the port computes are added here.
      wanted: shapes of the model's parameters by path; None: whatever the files hold is the model.
      expect_missing: glob patterns, over torch keys or parameter paths, of what need not be in the files.
      expect_unused: glob patterns, over torch keys, of what the files hold beyond the model.

    Returns:
      The plan. Parameters that were expected to be missing, and are, have no place in it.

    Raises:
      UserError: with all problems of all files in one message.
      ValueError: if the table does not describe the wanted tree (a defect of the table).
    """
    wanted = None if wanted is None else as_in_files(wanted)
    layers = port.with_computed_layers(layers)
    canonical = [_canonical_keys(layer) for layer in layers]
    table = _table(port, layers, canonical, wanted)
    reports = [LayerReport(layer.role.name, layer.source.name) for layer in layers]
    report = LoadReport(port.title, reports)
    met: set[str] = set()

    def expected(patterns: Sequence[str], *names: str) -> bool:
        found = {p for p in patterns for name in names if fnmatch.fnmatchcase(name, p)}
        met.update(found)
        return bool(found)

    places: dict[str, tuple[Source, str]] = {}
    owners: dict[str, LayerReport] = {}
    for layer, keys, fate in zip(layers, canonical, reports, strict=True):
        for name, key in keys.items():
            if name in table.constants:
                _check_constant(table, name, layer.source, key, fate)
            elif name in table.entries:
                if name in owners:
                    owners[name].used.remove(name)
                    owners[name].overridden[name] = layer.source.name
                owners[name], places[name] = fate, (layer.source, key)
                fate.used.append(name)
            elif reason := layer.role.reason_to_ignore(name, keys) or port.reason_to_ignore(name, table):
                fate.ignored[name] = reason
            elif expected(expect_unused, name, key):
                fate.ignored[name] = "named as expected"
            else:
                fate.unexpected.append(key)
        for entry in table.entries.values():
            required = layer.role.requires is not None and layer.role.requires(entry)
            lacks = required and entry.torch not in keys
            if lacks and not expected(expect_missing, entry.torch, entry.jax):
                fate.missing.append(entry.torch)
    for entry in table.entries.values():
        if entry.torch not in places:
            known = expected(expect_missing, entry.torch, entry.jax)
            (report.expected_missing if known else report.missing).append(entry.torch)
    _check_stacks(table, places, report)
    _check_shapes(port, table, layers, canonical, reports, places, wanted)
    report.idle_patterns = [p for p in [*expect_missing, *expect_unused] if p not in met]
    if problems := report.problems(table.torch_names):
        raise UserError(
            f"these files do not make a {port.title}:\n  "
            + "\n  ".join(problems)
            + "\n  give the right files, or name what is meant: for `timesuite port import` with --expect-missing or "
            "--expect-unused, in a config with weights.expect_missing or weights.expect_unused"
        )
    return LoadPlan(table, places, report)


def _canonical_keys(layer: CheckpointLayer) -> dict[str, str]:
    """Table key -> key in the file.

    Raises:
      UserError: if a file has one tensor under two spellings.
    """
    keys: dict[str, str] = {}
    for key in layer.source.infos:
        name = layer.role.table_key(key)
        if name in keys:
            raise UserError(f"{layer.source.name} holds both {keys[name]} and {key}, which are one tensor; remove one")
        keys[name] = key
    return keys


def _table(
    port: ModelPort,
    layers: Sequence[CheckpointLayer],
    canonical: Sequence[Mapping[str, str]],
    wanted: Mapping[ParamPath, Shape] | None,
) -> Table:
    if wanted is not None:
        table = port.table_for_tree({"/".join(path): shape for path, shape in wanted.items()})
        if set(table.slots) != set(wanted):
            odd = sorted("/".join(path) for path in set(table.slots) ^ set(wanted))
            raise ValueError(f"the table of {port.title} and the model disagree on {odd}")
        return table
    shapes = {
        name: layer.source.infos[key].shape
        for layer, keys in zip(layers, canonical, strict=True)
        for name, key in keys.items()
        if not layer.role.reason_to_ignore(name, keys)
    }
    try:
        return port.table_for_torch(shapes)
    except KeyError as error:
        files = ", ".join(layer.source.name for layer in layers)
        raise UserError(
            f"{files}: no {port.title} without {error.args[0]}; add the file that holds it, or give the --config "
            "of the model"
        ) from error


def _check_constant(table: Table, name: str, source: Source, key: str, fate: LayerReport) -> None:
    value = table.constants[name].make()
    if source.infos[key].shape == value.shape and np.array_equal(source.read(key), value):
        fate.ignored[name] = "a buffer that follows from the sizes"
    else:
        fate.misshaped[name] = f"a buffer of shape {source.infos[key].shape} with other values than {value.shape} here"


def _check_stacks(table: Table, places: Mapping[str, tuple[Source, str]], report: LoadReport) -> None:
    """A leaf that stacks layers can only be filled as a whole, whatever is expected to be missing."""
    for group in table.slots.values():
        absent = [entry.torch for entry in group if entry.torch not in places]
        if 0 < len(absent) < len(group):
            lost = [name for name in absent if name in report.expected_missing]
            report.expected_missing = [name for name in report.expected_missing if name not in lost]
            report.missing += lost


def _check_shapes(
    port: ModelPort,
    table: Table,
    layers: Sequence[CheckpointLayer],
    canonical: Sequence[Mapping[str, str]],
    reports: Sequence[LayerReport],
    places: Mapping[str, tuple[Source, str]],
    wanted: Mapping[ParamPath, Shape] | None,
) -> None:
    """Compares each tensor, used or overridden, with what the model has, or what most of the other tensors say."""
    sizes = _sizes_of_most(table, places) if wanted is None else {}

    def shape_in_model(entry: Entry, found: Shape) -> Shape:
        if wanted is not None:
            shape = wanted[entry.path]
            return entry.layout.torch_shape(shape if entry.layer is None else shape[1:])
        return tuple(sizes.get(name, size) for name, size in zip(entry.sizes, found, strict=True))

    for layer, keys, fate in zip(layers, canonical, reports, strict=True):
        for name in [*fate.used, *fate.overridden]:
            entry, info = table.entries[name], layer.source.infos[keys[name]]
            if not jnp.issubdtype(info.dtype, jnp.floating):  # a cast would make something of it
                fate.misshaped[name] = f"{info.dtype}, wanted floating-point numbers"
                continue
            found = info.shape
            try:
                entry.layout.jax_shape(found)
            except EinopsError:
                fate.misshaped[name] = f"{list(found)}, wanted axes ({entry.layout.torch})"
                continue
            if found != (target := shape_in_model(entry, found)):
                hint = port.shape_hint(name, found, target)
                fate.misshaped[name] = f"{list(found)}, wanted {list(target)}" + (f" ({hint})" if hint else "")


def _sizes_of_most(table: Table, places: Mapping[str, tuple[Source, str]]) -> dict[str, int]:
    """The size behind each name of an axis: what most tensors have there, the first of them if it is a draw."""
    votes: dict[str, Counter[int]] = defaultdict(Counter)
    for key, (source, name) in places.items():
        entry, shape = table.entries[key], source.infos[name].shape
        if len(shape) == len(entry.sizes):
            for axis, size in zip(entry.sizes, shape, strict=True):
                votes[axis][size] += 1
    return {axis: sizes.most_common(1)[0][0] for axis, sizes in votes.items()}
