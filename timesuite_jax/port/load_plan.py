"""Decides, before any value is read, which file each parameter comes from.

Files override one another in the original's loading order. Upstream loads every file with `strict=False`. Here each
parameter gets exactly one source, each key of each file a status, and all keys that are missing, unknown or of another
shape are collected and refused in one message, unless the caller listed them as expected.
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
from timesuite_jax.port.loading_order import CheckpointLayer, ModelPort, Shape
from timesuite_jax.port.lookalikes import looks_like
from timesuite_jax.port.quantize import as_in_files
from timesuite_jax.port.report import LayerReport, LoadReport
from timesuite_jax.port.table import Entry, Table

Sources = Mapping[str, tuple[Source, str]]  # table key -> (source, key in it)


@dataclasses.dataclass(frozen=True)
class LoadPlan:
    """The source of every tensor."""

    table: Table
    sources: Sources
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
      wanted: shapes of the model's parameters by path; None: the files define the model.
      expect_missing: glob patterns, of torch keys or parameter paths, that may be missing from the files.
      expect_unused: glob patterns, of torch keys, that the files may contain beyond the model.

    Returns:
      The plan. Parameters that are missing as expected have no source in it.

    Raises:
      UserError: with all problems of all files in one message.
      ValueError: if the table does not describe the wanted tree (a defect of the table).
    """
    wanted = None if wanted is None else as_in_files(wanted)
    files = [_File(port, layer) for layer in port.with_computed_layers(layers)]
    table = _table(port, files, wanted)
    report = LoadReport(port.title, [file.status for file in files])
    missing, unused = _Patterns(expect_missing), _Patterns(expect_unused)
    sources = _assign_sources(port, table, files, missing, unused)
    for entry in table.entries.values():
        if entry.torch not in sources:
            expected = missing.match(entry.torch, entry.jax)
            (report.expected_missing if expected else report.missing).append(entry.torch)
    report.unused = _unused_files(files, sources)
    _check_stacks(table, sources, report)
    _check_shapes(port, table, files, sources, wanted)
    report.unmatched_patterns = [*missing.unmatched, *unused.unmatched]
    if problems := report.problems(table.torch_names):
        absent = [*report.missing, *(key for file in files for key in file.status.missing)]
        problems += [hint] if (hint := port.missing_hint(absent)) else []
        raise UserError(
            f"these files are not a complete {port.title}:\n  "
            + "\n  ".join(problems)
            + "\n  give the right files, or list what is expected: for `timesuite port import` with --expect-missing "
            "or --expect-unused, in a config with weights.expect_missing or weights.expect_unused"
        )
    return LoadPlan(table, sources, report)


class _File:
    """A layer, its keys (table key -> key in the file) and their status."""

    def __init__(self, port: ModelPort, layer: CheckpointLayer):
        self.role, self.source, self.keys = layer.role, layer.source, layer.keys
        others = tuple(getattr(layer.source, "others", ()))
        self.status = LayerReport(layer.role.name, layer.source.name, layer.wrapper, _hint(port, layer), others)


def _hint(port: ModelPort, layer: CheckpointLayer) -> str:
    """What a file may be whose keys are not those of its role; "" if they are, or it is unknown."""
    keys = layer.source.infos
    if layer.role.recognizes(keys):
        return ""
    if role := next((role for role in port.roles if role.recognizes(keys)), None):
        return f"it looks like the file for {role.name}=PATH ({role.help})"
    kind = looks_like(keys)
    return f"it looks like {kind}" if kind else ""


class _Patterns:
    """Glob patterns, and those that have not matched any name yet."""

    def __init__(self, patterns: Sequence[str]):
        self._patterns = patterns
        self.unmatched = list(patterns)

    def match(self, *names: str) -> bool:
        """Whether a pattern matches one of the names."""
        found = {p for p in self._patterns for name in names if fnmatch.fnmatchcase(name, p)}
        self.unmatched = [pattern for pattern in self.unmatched if pattern not in found]
        return bool(found)


def _table(port: ModelPort, files: Sequence[_File], wanted: Mapping[ParamPath, Shape] | None) -> Table:
    if wanted is not None:
        table = port.table_for_tree({"/".join(path): shape for path, shape in wanted.items()})
        if set(table.by_path) != set(wanted):
            odd = sorted("/".join(path) for path in set(table.by_path) ^ set(wanted))
            raise ValueError(f"the table of {port.title} and the model disagree on {odd}")
        return table
    shapes = {
        name: file.source.infos[key].shape
        for file in files
        for name, key in file.keys.items()
        if not file.role.reason_to_ignore(name, file.keys)
    }
    try:
        return port.table_for_torch(shapes)
    except KeyError as error:
        names = ", ".join(
            f"{file.source.name} ({file.status.hint})" if file.status.hint else file.source.name for file in files
        )
        raise UserError(
            f"{names}: not a complete {port.title}, {error.args[0]} is missing; add the file that contains it, or give "
            "the --config of the model"
        ) from error


def _assign_sources(
    port: ModelPort, table: Table, files: Sequence[_File], missing: _Patterns, unused: _Patterns
) -> dict[str, tuple[Source, str]]:
    """The last source of each tensor; the status of all keys is recorded."""
    sources: dict[str, tuple[Source, str]] = {}
    users: dict[str, LayerReport] = {}
    for number, file in enumerate(files):
        status = file.status
        for name, key in file.keys.items():
            if name in table.constants:
                _check_constant(table, name, file.source, key, status)
            elif name in table.tied:
                _check_tied(table, name, file, status)
            elif name in table.entries:
                if name in users:
                    users[name].used.remove(name)
                    users[name].overridden[name] = file.source.name
                users[name], sources[name] = status, (file.source, key)
                status.used.append(name)
            elif reason := file.role.reason_to_ignore(name, file.keys) or port.reason_to_ignore(name, table):
                status.ignored[name] = reason
            elif unused.match(name, key):
                status.ignored[name] = "listed as expected"
            else:
                status.unexpected.append(key)
                if prefixed := _prefix_problem(file, key, table):
                    status.prefixed[key] = prefixed
        # A file that is trained on a complete checkpoint may supply what this lacks, as adapters.
        present = {*file.keys, *(name for later in files[number + 1 :] for name in later.keys if file.role.complete)}
        for entry in table.entries.values():
            required = file.role.requires is not None and file.role.requires(entry)
            if required and entry.torch not in present and not missing.match(entry.torch, entry.jax):
                status.missing.append(entry.torch)
    return sources


def _prefix_problem(file: _File, key: str, table: Table) -> str:
    """What is wrong with a key that is a tensor's after a prefix that most keys of the file lack; "" if it is not."""
    prefix, rest = "", key
    while "." in rest:
        part, rest = rest.split(".", 1)
        prefix += f"{part}."
        if (name := file.role.spelling(file.role.prefix + rest)) not in table.entries:
            continue
        if name in file.keys:
            return f"the file has it without the prefix {prefix!r}, too: {file.keys[name]}; remove one of the two"
        return f"most keys of the file lack the prefix {prefix!r}; remove it from this one"
    return ""


def _unused_files(files: Sequence[_File], sources: Sources) -> dict[str, str]:
    """Files without any effect, and why: a complete checkpoint overrides them, or the model needs nothing of them.

    Those that other files of the original override, as its own loading order does, are not among them.
    """
    complete = {id(file.source): file.source.name for file in files if file.role.complete}
    unused = {}
    for file in files:
        if file.role.computed or file.status.used or file.status.unexpected:
            continue
        users = {id(sources[name][0]) for name in file.status.overridden}
        if users <= complete.keys():
            by = " and ".join(complete[user] for user in users)
            unused[file.source.name] = f"{by}, a complete checkpoint, has all of it" if by else "the model needs no key"
    return unused


def _check_constant(table: Table, name: str, source: Source, key: str, status: LayerReport) -> None:
    value = table.constants[name].make()
    if source.infos[key].shape == value.shape and np.array_equal(source.read(key), value):
        status.ignored[name] = "a buffer that depends on the sizes alone"
    else:
        found = source.infos[key].shape
        status.mismatched[name] = f"a buffer of shape {found} with values other than the expected ones, {value.shape}"


def _check_tied(table: Table, name: str, file: _File, status: LayerReport) -> None:
    original, source = table.tied[name], file.source
    if original not in file.keys:
        status.mismatched[name] = f"a copy of {original}, which the file lacks"
    elif np.array_equal(source.read(file.keys[name]), source.read(file.keys[original])):
        status.ignored[name] = f"the same as {original}"
    else:
        status.mismatched[name] = f"values other than those of {original}, with which the model shares them"


def _check_stacks(table: Table, sources: Sources, report: LoadReport) -> None:
    """A leaf that stacks layers needs all of them, whatever is expected to be missing."""
    for group in table.by_path.values():
        absent = [entry.torch for entry in group if entry.torch not in sources]
        if 0 < len(absent) < len(group):
            lost = [name for name in absent if name in report.expected_missing]
            report.expected_missing = [name for name in report.expected_missing if name not in lost]
            report.missing += lost


def _check_shapes(
    port: ModelPort,
    table: Table,
    files: Sequence[_File],
    sources: Sources,
    wanted: Mapping[ParamPath, Shape] | None,
) -> None:
    """Compares each tensor, used or overridden, with the model's, or with the sizes of most other tensors."""
    sizes = _majority_sizes(table, sources) if wanted is None else {}

    def shape_in_model(entry: Entry, found: Shape) -> Shape:
        if wanted is not None:
            shape = wanted[entry.path]
            return entry.layout.torch_shape(shape if entry.layer is None else shape[1:])
        return tuple(sizes.get(name, size) for name, size in zip(entry.sizes, found, strict=True))

    for file in files:
        status = file.status
        for name in [*status.used, *status.overridden]:
            entry, info = table.entries[name], file.source.infos[file.keys[name]]
            # A cast would accept it silently; what is only kept for exports is not cast.
            if not (jnp.issubdtype(info.dtype, jnp.floating) or entry.export_only):
                status.mismatched[name] = f"{info.dtype}, wanted a floating-point type"
                continue
            found = info.shape
            try:
                entry.layout.jax_shape(found)
            except EinopsError:
                status.mismatched[name] = f"{list(found)}, wanted axes ({entry.layout.torch})"
                continue
            if found != (target := shape_in_model(entry, found)):
                hint = port.shape_hint(name, found, target)
                status.mismatched[name] = f"{list(found)}, wanted {list(target)}" + (f" ({hint})" if hint else "")


def _majority_sizes(table: Table, sources: Sources) -> dict[str, int]:
    """The size of each named axis: that of most tensors, the first of them in a tie."""
    votes: dict[str, Counter[int]] = defaultdict(Counter)
    for key, (source, name) in sources.items():
        entry, shape = table.entries[key], source.infos[name].shape
        if len(shape) == len(entry.sizes):
            for axis, size in zip(entry.sizes, shape, strict=True):
                votes[axis][size] += 1
    return {axis: sizes.most_common(1)[0][0] for axis, sizes in votes.items()}
