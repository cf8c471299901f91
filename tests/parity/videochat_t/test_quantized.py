"""Errors of quantized kernels relative to upstream's logits and gradients, as listed in docs/quantization.md."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from tests.support.golden_model import IGNORED, GoldenModel
from tests.support.tolerances import FORWARD, relative_error
from timesuite_jax import param_tree
from timesuite_jax.layers.quantized import QUANTIZED_TYPES, quantize
from timesuite_jax.models.text import Mistral
from timesuite_jax.objectives import answer_cross_entropy

# Relative errors of logits and adapter gradients. On the committed goldens, whose random weights are the worst case,
# they are 0.0135 and 0.0168 for int8, 0.187 and 0.241 for int4.
BOUNDS = {"float": (FORWARD, 0.0), "int8": (0.016, 0.02), "int4": (0.22, 0.29)}


def quantize_params(params: dict, form: str, skew: float = 1.0) -> dict:
    """Quantizes the kernels of the layers and multiplies all scales by `skew`, 1 for correct ones."""
    if form == "float":
        return params
    leaves = dict(param_tree.leaves_with_paths(params))
    kernels = [path for path in leaves if path[0] == "layers" and path[-1] == "kernel"]
    assert len(kernels) == 7
    for path in kernels:
        for name, part in quantize(np.asarray(leaves.pop(path)), QUANTIZED_TYPES[form]).items():
            leaves[*path, name] = part if name == "quantized" else (part.astype(np.float32) * skew).astype(part.dtype)
    return param_tree.from_paths(leaves)


def test_errors_of_logits_and_gradients(golden: GoldenModel):
    arrays = golden.arrays("forward.npz")
    embeds, valid = jnp.asarray(arrays["main.inputs_embeds"]), jnp.asarray(arrays["main.attention_mask"], bool)
    labels = arrays["main.labels"][:, 1:]
    mask, targets = jnp.asarray(labels != IGNORED), jnp.asarray(np.where(labels == IGNORED, 0, labels))
    positions = jnp.broadcast_to(jnp.arange(valid.shape[1])[None], valid.shape)
    rows, columns = arrays["main.logits_pos"].T
    exact = None
    for form, (logits_bound, gradient_bound) in BOUNDS.items():
        spec = dataclasses.replace(golden.spec.mistral, weight_format=form)

        def loss(adapters: dict, frozen: dict, spec=spec) -> tuple[jax.Array, jax.Array]:
            params = {"params": param_tree.merge(adapters, frozen)}
            hidden, _ = Mistral(spec).apply(params, embeds, positions, valid)
            head = params["params"]["lm_head"]
            total, count, _ = answer_cross_entropy(
                hidden[:, :-1], targets, mask, head, chunk=16, scaling=spec.lora.scaling
            )
            return total / count, Mistral(spec).apply(params, hidden, method="logits")

        run = jax.jit(jax.grad(loss, has_aux=True))
        for skew in (1.0,) if form == "float" else (1.0, 1.1):
            params = quantize_params(golden.params["mistral"], form, skew)
            grads, logits = run(*param_tree.split(params, lambda path: path[-1].startswith("lora")))
            grads = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(grads)])
            exact = grads if exact is None else exact
            error = relative_error(np.asarray(logits)[rows, columns], arrays["main.logits"])
            gradient_error = relative_error(grads, exact)
            summary = f"{form}, scales times {skew}: logits {error:.4f}, gradients {gradient_error:.4f}"
            assert (error <= logits_bound and gradient_error <= gradient_bound) == (skew == 1.0), summary
