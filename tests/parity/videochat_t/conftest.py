"""Parametrizes tests by the model folders and cases found, so that any goldens of this structure are fully tested."""

import functools
from pathlib import Path

import numpy as np
import pytest

from tests.support.golden_model import GoldenModel

# A folder with any of these files is a model folder; its tests fail if another of them is absent.
_FILES = ("config.json", "weights.safetensors", "cases.json")


@functools.lru_cache
def _model(folder: Path) -> GoldenModel:
    return GoldenModel(folder)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrizes the fixtures `golden` (a model) and `golden, case` (a model and a case of its forward.npz)."""
    if "golden" not in metafunc.fixturenames:
        return
    root = metafunc.config.getoption("--goldens") / "videochat_t"
    folders = sorted({file.parent for name in _FILES for file in root.glob(f"*/{name}")})
    names, rows = "golden", [(folder, folder.name) for folder in folders]
    if "case" in metafunc.fixturenames:
        names = "golden, case"
        rows = [
            ((folder, name), f"{folder.name}-{name}")
            for folder in folders
            for name in sorted({name.partition(".")[0] for name in np.load(folder / "forward.npz").files})
        ]
    if not root.is_dir():
        absent = pytest.mark.skip(f"no golden family at {root}")
        width = len(names.split(","))
        metafunc.parametrize(names, [pytest.param(*[None] * width, marks=absent)], ids=["absent"], indirect=["golden"])
        return
    if not rows:
        raise pytest.UsageError(f"{root} has no model folder; expected one with {', '.join(_FILES)}")
    values, ids = zip(*rows, strict=True)
    metafunc.parametrize(names, values, ids=ids, indirect=["golden"])


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> GoldenModel:
    """A golden model, loaded once per session."""
    return _model(request.param)
