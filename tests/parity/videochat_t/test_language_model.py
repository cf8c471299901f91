"""Logits and losses of the language model, from stored embeddings, equal upstream's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.golden_model import IGNORED, GoldenModel
from tests.support.tolerances import assert_close
from timesuite_jax.layers import token_positions
from timesuite_jax.models.text import Mistral
from timesuite_jax.objectives import answer_cross_entropy

STORED = ".inputs_embeds"


@pytest.fixture
def outputs(golden: GoldenModel) -> dict[str, tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]]:
    """For each case with stored embeddings: its golden arrays, our hidden states and logits."""
    stored, spec = golden.arrays("forward.npz"), golden.spec.mistral
    params = golden.params["mistral"]

    @jax.jit
    def run(embeds: jax.Array, valid: jax.Array) -> tuple[jax.Array, jax.Array]:
        hidden, _ = Mistral(spec).apply({"params": params}, embeds, token_positions(valid), valid)
        return hidden, Mistral(spec).apply({"params": params}, hidden, method="logits")

    found = {}
    for case in (name.removesuffix(STORED) for name in stored if name.endswith(STORED)):
        arrays = {name.removeprefix(f"{case}."): stored[name] for name in stored if name.startswith(f"{case}.")}
        hidden, logits = run(jnp.asarray(arrays["inputs_embeds"]), jnp.asarray(arrays["attention_mask"], bool))
        found[case] = arrays, hidden, np.asarray(logits)
    assert found, f"{golden.folder} has no input embeddings"
    return found


def test_logits_and_losses(golden: GoldenModel, outputs: dict):
    head, scaling = golden.params["mistral"]["lm_head"], golden.spec.mistral.lora.scaling
    for case, (arrays, hidden, logits) in outputs.items():
        real = arrays["attention_mask"].astype(bool)
        rows, columns = arrays["logits_pos"].T
        assert_close(logits[rows, columns], arrays["logits"], "logits", case)
        if "logits_full_b0" in arrays:
            full = arrays["logits_full_b0"]
            assert_close(logits[0, : len(full)], full, "logits", f"{case}, row 0")
        peaks = np.asarray(jax.nn.logsumexp(logits, axis=-1))
        assert_close(peaks[real], arrays["logsumexp"][real], "logsumexp", case)
        np.testing.assert_array_equal(logits.argmax(-1)[real], arrays["argmax"][real], case)

        targets, counted = arrays["labels"][:, 1:], arrays["labels"][:, 1:] != IGNORED
        chosen = np.take_along_axis(logits[:, :-1], np.where(counted, targets, 0)[..., None], axis=-1)[..., 0]
        assert_close((peaks[:, :-1] - chosen)[counted], arrays["nll_shifted"][counted], "loss", f"{case}, positions")
        total, count, correct = answer_cross_entropy(
            hidden[:, :-1],
            jnp.where(counted, targets, 0),
            jnp.asarray(counted),
            jax.tree.map(jnp.asarray, head),
            chunk=16,
            scaling=scaling,
        )
        assert float(count) == counted.sum()
        assert float(correct) == (arrays["argmax"][:, :-1] == targets)[counted].sum()
        assert_close(total / count, arrays["loss"], "loss", case)
