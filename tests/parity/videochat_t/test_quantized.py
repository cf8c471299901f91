"""Errors of quantized kernels relative to upstream's logits and gradients: those of rounding noise, and no others.

Rounding to integers changes a weight by an error that is nearly uniform within half a step to both sides. What it does
to logits and gradients depends on the weights, so that no number holds for all of them: the bounds come from the same
model with random noise of that distribution on its float kernels.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.support.golden_model import IGNORED, GoldenModel
from tests.support.tolerances import FORWARD, GRADIENT, relative_error
from timesuite_jax import param_tree
from timesuite_jax.layers.quantized import QUANTIZED_TYPES, dequantize, quantize
from timesuite_jax.models.text import Mistral
from timesuite_jax.objectives import answer_cross_entropy

DRAWS = 16
SIGMAS = 5  # of a draw; the chance that rounding errors differ by more from the mean of the draws is below 1e-4


@pytest.fixture
def evaluate(golden: GoldenModel) -> Callable:
    """A function of the weight format and the parameters -> logits, and gradients of the adapters as one vector."""
    arrays = golden.arrays("forward.npz")
    embeds, valid = jnp.asarray(arrays["main.inputs_embeds"]), jnp.asarray(arrays["main.attention_mask"], bool)
    labels = arrays["main.labels"][:, 1:]
    mask, targets = jnp.asarray(labels != IGNORED), jnp.asarray(np.where(labels == IGNORED, 0, labels))
    positions = jnp.broadcast_to(jnp.arange(valid.shape[1])[None], valid.shape)
    rows, columns = arrays["main.logits_pos"].T

    def program(form: str) -> Callable:
        spec = dataclasses.replace(golden.spec.mistral, weight_format=form)

        def loss(adapters: dict, frozen: dict) -> tuple[jax.Array, jax.Array]:
            params = {"params": param_tree.merge(adapters, frozen)}
            hidden, _ = Mistral(spec).apply(params, embeds, positions, valid)
            head = params["params"]["lm_head"]
            total, count, _ = answer_cross_entropy(
                hidden[:, :-1], targets, mask, head, chunk=16, scaling=spec.lora.scaling
            )
            return total / count, Mistral(spec).apply(params, hidden, method="logits")

        return jax.jit(jax.grad(loss, has_aux=True))

    programs = {form: program(form) for form in ("float", *QUANTIZED_TYPES)}

    def run(form: str, leaves: dict) -> tuple[np.ndarray, np.ndarray]:
        params = param_tree.from_paths(leaves)
        grads, logits = programs[form](*param_tree.split(params, lambda path: path[-1].startswith("lora")))
        vector = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(grads)])
        return np.asarray(logits)[rows, columns], vector

    return run


def test_errors_of_logits_and_gradients(golden: GoldenModel, evaluate):
    leaves = dict(param_tree.leaves_with_paths(golden.params["mistral"]))
    kernels = [path for path in leaves if path[0] == "layers" and path[-1] == "kernel"]
    assert len(kernels) == 7
    exact = evaluate("float", leaves)
    assert relative_error(exact[0], golden.arrays("forward.npz")["main.logits"]) <= FORWARD

    def errors(found: tuple[np.ndarray, np.ndarray]) -> list[float]:
        return [relative_error(one, other) for one, other in zip(found, exact, strict=True)]

    rng = np.random.default_rng(0)
    for form, integers in QUANTIZED_TYPES.items():
        parts = {path: quantize(np.asarray(leaves[path]), integers) for path in kernels}
        stored = {path: leaf for path, leaf in leaves.items() if path not in parts}
        stored |= {(*path, name): part for path, named in parts.items() for name, part in named.items()}
        restored = {path: dequantize(named["quantized"], named["scales"], np.float32) for path, named in parts.items()}
        found = evaluate(form, stored)

        # The layers compute with exactly the weights that the integers and scales denote.
        for one, other, bound in zip(found, evaluate("float", leaves | restored), (FORWARD, GRADIENT), strict=True):
            assert relative_error(one, other) <= bound, form

        noisy = []
        for _ in range(DRAWS):
            noise = {}
            for path, named in parts.items():
                step = np.abs(named["scales"].astype(np.float32))
                step = np.repeat(step, leaves[path].shape[-2] // step.shape[-2], axis=-2)
                noise[path] = leaves[path] + step * rng.uniform(-0.5, 0.5, step.shape).astype(np.float32)
            noisy.append(errors(evaluate("float", leaves | noise)))
        mean, spread = np.mean(noisy, axis=0), np.std(noisy, axis=0, ddof=1)
        for name, error, low, high in zip(
            ("logits", "gradients"), errors(found), mean - SIGMAS * spread, mean + SIGMAS * spread, strict=True
        ):
            assert max(low, 0.0) < error < high, f"{form}, {name}: {error:.4f}, noise {low:.4f} to {high:.4f}"
