"""Finds the cases by the index of the dump, so that any dump of the same structure is tested whole."""

import functools
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

from tests.support.golden_case import GoldenCase, read_cases

# Argument -> the cases that it goes through: some things are dumped for some cases only.
SELECTIONS = {
    "case": lambda case: True,
    "case_with_parts": lambda case: case.has_parts,
    "case_with_epochs": lambda case: case.has_epochs,
}


@functools.lru_cache
def _cases(root: Path) -> list[GoldenCase]:
    return read_cases(root)


@pytest.fixture(autouse=True, scope="module")
def _optimised() -> Iterator[None]:
    """Compiles as a run does. Without LLVM's passes products are rounded before they are added, and some element of
    some case is then farther from the original than the dump's tolerance.
    """
    name = "jax_disable_most_optimizations"
    before = jax.config.read(name)
    jax.config.update(name, False)
    yield
    jax.config.update(name, before)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Fills the arguments named in `SELECTIONS`."""
    root = metafunc.config.getoption("--goldens") / "mqsa_ted"
    for name in SELECTIONS.keys() & set(metafunc.fixturenames):
        if not root.is_dir():
            absent = pytest.mark.skip(f"no golden family at {root}")
            metafunc.parametrize(name, [pytest.param(None, marks=absent)], ids=["absent"])
            continue
        chosen = [case for case in _cases(root) if SELECTIONS[name](case)]
        if not chosen:
            raise pytest.UsageError(f"{root / 'index.json'} names no {name}")
        metafunc.parametrize(name, chosen, ids=[case.meta["name"] for case in chosen])
