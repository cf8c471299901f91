"""The house keeps its floors: imports go down only, rooms on one floor do not know each other, files stay small."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PACKAGE = PROJECT / "timesuite_jax"
FLOORS = {
    "config_spec": 0, "errors": 0, "layers": 0, "metrics": 0, "param_tree": 0, "progress": 0,
    "storage": 0, "suggestions": 0,
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
