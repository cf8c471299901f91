"""Imports point downwards only, families do not know each other, files and classes stay small.

Read from the source with `ast`, imports within functions included. docs/architecture.md describes the layers.
"""

import ast
import statistics
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGE = ROOT / "timesuite_jax"
FAMILIES = ("internvideo2", "mqsa_ted", "videochat_t")
LAYERS = {
    "bicubic": 0, "config_file": 0, "config_spec": 0, "counted": 0, "dims": 0, "errors": 0, "json_text": 0,
    "param_tree": 0,
    "pixel_statistics": 0, "progress": 0, "suggestions": 0, "tpu_devices": 0, "layers": 0, "storage": 0, "timing": 0,
    "configs": 1, "objectives": 1, "metrics": 1, "media": 1, "text": 1, "parallel": 1,
    "models": 2, "hlo": 2, "edit_lists": 2,
    "generation": 3, "data": 3, "port": 3, "checkpoints": 3, "resilience": 3, "monitoring": 3,
    "training": 4, "embeddings": 4,
    "evaluation": 5, "aot": 5,
    **dict.fromkeys(FAMILIES, 6),
    "registry": 7,
    "apps": 8,
    "cli": 9,
}  # fmt: skip
MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = sorted(
    [
        *MODULES,
        *(path for folder in ("tests", "benchmarks", "launch") for path in (ROOT / folder).rglob("*.py")),
    ]
)
MAX_LINES, MAX_MEDIAN_LINES, MAX_METHODS = 400, 100, 15


def parts_of(path: Path) -> tuple[str, ...]:
    """The module's name below the package: ("data", "corpora", "record"); a package's is that of its folder."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


KNOWN = {parts_of(path) for path in MODULES}


def imports(path: Path) -> Iterator[tuple[str, ...]]:
    """The project's modules that a file imports, by their parts."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            first, *rest = name.split(".")
            if first == "timesuite_jax":
                parts = tuple(rest)
                yield parts if parts in KNOWN else parts[:-1]


def test_every_package_has_a_layer():
    found = {parts[0] for parts in KNOWN if parts}
    assert found == set(LAYERS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path: Path):
    own = parts_of(path)
    for other in imports(path):
        if not own:
            assert not other, f"{path}: the package's own __init__ imports {'.'.join(other)}"
        elif other and other[0] != own[0]:
            lower, upper = LAYERS[other[0]], LAYERS[own[0]]
            assert lower < upper or lower == upper == 0, (
                f"{'.'.join(own)} (layer {upper}) imports {'.'.join(other)} (layer {lower})"
            )


def test_no_name_is_a_drawer():
    for path in SOURCES:
        assert path.stem not in ("utils", "util", "helpers", "helper", "misc", "common"), f"{path}: name the idea"


def test_linen_is_imported_where_models_are():
    """Another module system would change these packages only."""
    for path in MODULES:
        parts = parts_of(path)
        if parts and (parts[0] in ("layers", "models") or "model" in parts[1:]):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            assert not any(name.startswith("flax.linen") for name in names), (
                f"{path}: imports {names}; use the functions of layers/logical_sharding.py"
            )


def test_neither_trunk_packages_nor_commands_import_a_family():
    """Not the registry either: its table names families as strings, imported when one is requested."""
    for path in MODULES:
        own = parts_of(path)
        if own and (LAYERS[own[0]] < 6 or own[0] in ("registry", "cli")):
            families = {other[0] for other in imports(path) if other} & set(FAMILIES)
            assert not families, f"{'.'.join(own)} imports {families}"


def test_sub_packages_do_not_import_each_other_in_a_circle():
    """Within a package, its sub-packages and its own modules have an order, too."""
    for package in {parts[0] for parts in KNOWN if len(parts) > 1}:
        graph: dict[str, set[str]] = defaultdict(set)
        for path in MODULES:
            own = parts_of(path)
            if own[:1] != (package,) or len(own) < 2:
                continue
            for other in imports(path):
                if other[:1] == (package,) and len(other) > 1 and other[1] != own[1]:
                    graph[own[1]].add(other[1])
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            pytest.fail(f"{package}: {' -> '.join(error.args[1])}")


def test_files_are_short():
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    long = {str(path.relative_to(ROOT)): count for path, count in lines.items() if count > MAX_LINES}
    assert not long, "split these by idea"
    assert statistics.median(lines[path] for path in MODULES) <= MAX_MEDIAN_LINES


def test_classes_are_small():
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                methods = [member for member in node.body if isinstance(member, ast.FunctionDef)]
                assert len(methods) <= MAX_METHODS, f"{path}: {node.name} has {len(methods)} methods; split it"
