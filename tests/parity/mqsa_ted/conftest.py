"""Parametrizes tests by the cases in the index of the goldens, so that all cases of any goldens are tested."""

import functools
from collections.abc import Iterator
from pathlib import Path

import jax
import pytest

from tests.support.golden_case import GoldenCase, read_cases

# Fixture name to a filter of cases: some arrays exist for some cases only.
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
    """Enables XLA's optimizations, as in a run.

    Without LLVM's passes, products are rounded before they are added, and a few elements exceed the goldens' tolerance.
    """
    name = "jax_disable_most_optimizations"
    before = jax.config.read(name)
    jax.config.update(name, False)
    yield
    jax.config.update(name, before)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrizes the fixtures named in `SELECTIONS`."""
    root = metafunc.config.getoption("--goldens") / "mqsa_ted"
    for name in SELECTIONS.keys() & set(metafunc.fixturenames):
        if not root.is_dir():
            absent = pytest.mark.skip(f"no golden family at {root}")
            metafunc.parametrize(name, [pytest.param(None, marks=absent)], ids=["absent"])
            continue
        chosen = [case for case in _cases(root) if SELECTIONS[name](case)]
        if not chosen:
            raise pytest.UsageError(f"{root / 'index.json'} has no {name}; regenerate the goldens")
        metafunc.parametrize(name, chosen, ids=[case.meta["name"] for case in chosen])
