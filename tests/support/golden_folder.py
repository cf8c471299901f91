"""A folder of golden numbers with one case of a model: sizes, inputs, outputs, weights; and its tolerances."""

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

# Upstream differs from itself in float64 by 2e-6 of the largest element, see the README of these numbers.
OUTPUT, GRADIENT, LOSS = 1e-5, 1e-5, 5e-6
GRADIENT_NORM, SMALLEST_NORM = 1e-4, 1e-4  # relative error of a tensor, for tensors of this part of the total norm


class GoldenFolder:
    """Reads the files of one case."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @functools.cached_property
    def config(self) -> dict[str, Any]:
        """`config.json`."""
        return json.loads((self.folder / "config.json").read_text())

    @functools.cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """`io.npz`."""
        with np.load(self.folder / "io.npz") as stored:
            return {name: stored[name] for name in stored.files}

    @functools.cached_property
    def gradient_summaries(self) -> dict[str, dict[str, tuple[float, float] | None]]:
        """Of each loss and parameter: the gradient's norm, and its sum weighted by the cosines of flat indices."""
        return self.summaries("grad_summaries")

    def summaries(self, name: str) -> dict[str, dict[str, tuple[float, float] | None]]:
        """As `gradient_summaries`, of `<name>.json`."""
        return json.loads((self.folder / f"{name}.json").read_text())

    def weights(self, name: str) -> dict[str, np.ndarray]:
        """`<name>.safetensors`; skips the test if the folder, which may have a part of the case only, lacks it."""
        if not self.has(f"{name}.safetensors"):
            pytest.skip(f"no {name}.safetensors in {self.folder}")
        return load_file(self.folder / f"{name}.safetensors")

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return (self.folder / name).is_file()


def assert_output(actual: np.ndarray, expected: np.ndarray, name: str = "") -> None:
    """Asserts equality within float32 noise: 1e-5 of the largest element."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"{name}: shape {actual.shape}, expected {expected.shape}"
    assert np.isfinite(actual).all(), f"{name}: not finite"
    np.testing.assert_allclose(actual, expected, rtol=0, atol=OUTPUT * np.abs(expected).max(), err_msg=name)


def assert_gradients(actual: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    """Asserts equality of the gradients of one loss, by PyTorch's names; absent ones must be zero."""
    largest = max(np.abs(tensor).max() for tensor in expected.values())
    total = np.sqrt(sum(np.sum(np.square(tensor, dtype=np.float64)) for tensor in expected.values()))
    for name, tensor in actual.items():
        wanted = expected.get(name, np.zeros_like(tensor))
        np.testing.assert_allclose(tensor, wanted, rtol=0, atol=GRADIENT * largest, err_msg=name)
        norm = np.linalg.norm(wanted.astype(np.float64))
        if norm > SMALLEST_NORM * total:
            error = np.linalg.norm(tensor.astype(np.float64) - wanted) / norm
            assert error < GRADIENT_NORM, f"{name}: relative error {error:.1e}"
    missing = set(expected) - set(actual)
    assert not missing, f"no gradients of {sorted(missing)}"


def assert_gradient_summaries(
    actual: dict[str, np.ndarray], expected: dict[str, tuple[float, float] | None], name: str = ""
) -> None:
    """Asserts that the gradients of one loss have the recorded norms and sums; those without a path must be zero."""
    recorded = {key: pair or (0.0, 0.0) for key, pair in expected.items()}
    total = np.sqrt(sum(norm**2 for norm, _ in recorded.values()))
    assert recorded.keys() <= actual.keys(), name
    for key, (norm, weighted) in recorded.items():
        values = actual[key].astype(np.float64).ravel()
        tolerance = GRADIENT_NORM * max(norm, SMALLEST_NORM * total)
        assert abs(np.linalg.norm(values) - norm) <= tolerance, f"{name} {key}"
        # A change of norm e changes the sum by at most e times the norm of the cosines, about the root of half of them.
        cosines = np.cos(np.arange(len(values)))
        assert abs(values @ cosines - weighted) <= tolerance * np.linalg.norm(cosines), f"{name} {key}"
