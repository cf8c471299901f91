"""The language model alone against the original: from embeddings to logits and losses."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from language_model import read_params, read_spec

from timesuite_jax.models.mistral import Mistral


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every case of every model folder whose input embeddings were stored."""
    root = metafunc.config.getoption("--goldens") / "videochat_t"
    cases = [
        (file.parent, name.removesuffix(".inputs_embeds"))
        for file in sorted(root.glob("*/forward.npz"))
        for name in np.load(file).files
        if name.endswith(".inputs_embeds")
    ]
    if not root.exists():
        cases = [pytest.param(None, None, marks=pytest.mark.skip(f"no golden family in {root}"))]
    elif not cases:
        raise ValueError(f"{root} has no stored input embeddings in any */forward.npz")
    ids = ["absent" if not isinstance(c, tuple) else f"{c[0].name}-{c[1]}" for c in cases]
    metafunc.parametrize(("folder", "case"), cases, ids=ids)


def worst(actual: np.ndarray, expected: np.ndarray) -> float:
    """Largest error relative to the largest expected value."""
    return float(np.max(np.abs(np.asarray(actual) - expected)) / np.max(np.abs(expected)))


@pytest.fixture
def outputs(folder: Path, case: str) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    stored = np.load(folder / "forward.npz")
    golden = {key.removeprefix(f"{case}."): stored[key] for key in stored.files if key.startswith(f"{case}.")}
    model, params = Mistral(read_spec(folder)), {"params": read_params(folder)}
    valid = jnp.asarray(golden["attention_mask"], bool)
    positions = jnp.broadcast_to(jnp.arange(valid.shape[1])[None], valid.shape)
    hidden, _ = jax.jit(model.apply)(params, jnp.asarray(golden["inputs_embeds"]), positions, valid)
    logits = model.apply(params, hidden, method="logits")
    return golden, np.asarray(hidden), np.asarray(logits)


def test_logits(outputs: tuple):
    golden, _, logits = outputs
    real = golden["attention_mask"].astype(bool)
    rows, columns = golden["logits_pos"].T
    assert worst(logits[rows, columns], golden["logits"]) <= 1e-5
    logsumexp = np.asarray(jax.nn.logsumexp(logits, axis=-1))
    assert worst(logsumexp[real], golden["logsumexp"][real]) <= 1e-5
    np.testing.assert_array_equal(logits.argmax(-1)[real], golden["argmax"][real])
    if "logits_full_b0" in golden:
        full = golden["logits_full_b0"]
        assert worst(logits[0, : len(full)], full) <= 1e-5
