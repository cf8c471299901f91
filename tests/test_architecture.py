"""The house keeps its floors: imports go down only, rooms on one floor do not know each other, files stay small."""

import ast
import builtins
import dis
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

PROJECT = Path(__file__).parent.parent
PACKAGE = PROJECT / "timesuite_jax"
FLOORS = {
    "config_spec": 0, "errors": 0, "layers": 0, "metrics": 0, "param_tree": 0, "progress": 0,
    "storage": 0,
    "hlo": 1, "media": 1, "models": 1, "monitoring": 1, "objectives": 1, "parallel": 1,
    "port": 1, "text": 1,
    "checkpoints": 2, "data": 2, "evaluation": 2, "generation": 2, "resilience": 2,
    "training": 3,
    "aot": 4, "mqsa_ted": 4, "videochat_t": 4,
    "registry": 5,
    "apps": 6,
    "cli": 7,
}  # fmt: skip
FILES = sorted(PACKAGE.rglob("*.py"))
ALL_FILES = [
    *FILES,
    *(path for folder in ("tests", "configs", "benchmarks", "launch") for path in (PROJECT / folder).rglob("*.py")),
]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
            if node.module == "timesuite_jax":
                names = [f"timesuite_jax.{alias.name}" for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("timesuite_jax.")}
    return rooms


def test_every_room_has_a_floor():
    rooms = {room_of(path) for path in FILES} - {"__init__"}
    assert rooms == set(FLOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_only(path: Path):
    room = room_of(path)
    if room == "__init__":
        assert not imported_rooms(path)
        return
    for other in imported_rooms(path) - {room, "__version__"}:
        below = FLOORS[other] < FLOORS[room]
        ground = FLOORS[other] == FLOORS[room] == 0
        assert below or ground, f"{path.relative_to(PACKAGE)} (floor {FLOORS[room]}) imports {other}"


def test_no_file_is_long():
    for path in ALL_FILES:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 500, f"{path} has {lines} lines; split it by idea"


def scopes_of(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from scopes_of(constant)


def names(code: CodeType, operations: set[str]) -> set[str]:
    return {step.argval for step in dis.get_instructions(code) if step.opname in operations}


def test_every_name_that_is_read_is_there():
    """What linters find, who cannot be asked: to them the shapes in jaxtyping's annotations are names, too."""
    always = {*dir(builtins), "__file__", "__annotations__", "__module__", "__qualname__"}
    for path in ALL_FILES:
        module = compile(path.read_text(encoding="utf-8"), path, "exec")
        there = always | names(module, {"STORE_NAME"})
        for scope in scopes_of(module):
            read = names(scope, {"LOAD_GLOBAL", "LOAD_NAME"}) - names(scope, {"STORE_NAME"}) - there
            assert not read, f"{path}: {scope.co_name} (line {scope.co_firstlineno}) reads {sorted(read)}"
