"""The chunked cross entropy equals the dense one in value and gradient, and never has all logits in memory."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array

from tests.support.program_shapes import shapes_of
from tests.support.tolerances import BFLOAT16, relative_error
from timesuite_jax import parallel
from timesuite_jax.errors import UserError
from timesuite_jax.objectives import answer_cross_entropy
from timesuite_jax.parallel import MeshSpec

B, S, D, V, R, SCALING = 3, 21, 8, 37, 4, 2.0


def case(
    fraction: float, dtype: jnp.dtype = jnp.float32, batch: int = B, vocab: int = V
) -> tuple[dict[str, Array], Array, Array]:
    keys = jax.random.split(jax.random.key(0), 7)
    leaves = {
        "hidden": jax.random.normal(keys[0], (batch, S, D)).astype(dtype),
        "head_input": jax.random.normal(keys[1], (batch, S, D)).astype(dtype),
        "kernel": jax.random.normal(keys[2], (D, vocab)),
        "lora_a": jax.random.normal(keys[3], (D, R)),
        "lora_b": jax.random.normal(keys[4], (R, vocab)),
    }
    targets = jax.random.randint(keys[5], (batch, S), 0, vocab)
    return leaves, targets, jax.random.uniform(keys[6], (batch, S)) < fraction


def dense(leaves: dict[str, Array], targets: Array, mask: Array) -> tuple[Array, Array, Array]:
    hidden = leaves["hidden"].astype(jnp.float32)
    logits = hidden @ leaves["kernel"]
    if "lora_a" in leaves:
        branch = leaves.get("head_input", hidden).astype(jnp.float32)
        logits += SCALING * (branch @ leaves["lora_a"] @ leaves["lora_b"])
    nll = -jnp.take_along_axis(jax.nn.log_softmax(logits), targets[..., None], axis=-1)[..., 0]
    correct = jnp.logical_and(mask, logits.argmax(-1) == targets)
    return jnp.sum(nll * mask.astype(jnp.float32)), jnp.sum(mask), jnp.sum(correct)


def chunked(leaves: dict[str, Array], targets: Array, mask: Array, chunk: int) -> tuple[Array, Array, Array]:
    head = {name: leaves[name] for name in ("kernel", "lora_a", "lora_b") if name in leaves}
    return answer_cross_entropy(
        leaves["hidden"], targets, mask, head, chunk=chunk, scaling=SCALING, head_input=leaves.get("head_input")
    )


def with_gradient(
    function: Callable[..., tuple[Array, Array, Array]], names: tuple[str, ...], fraction: float, *rest: int
) -> tuple[tuple[Array, Array, Array], dict[str, Array]]:
    """A loss's sums and the gradient of its mean, by one program."""
    leaves, targets, mask = case(fraction)

    def mean(leaves: dict[str, Array]) -> tuple[Array, tuple[Array, Array, Array]]:
        sums = function(leaves, targets, mask, *rest)
        return sums[0] * 0.37, sums  # any factor must pass through

    (_, sums), grads = jax.jit(jax.value_and_grad(mean, has_aux=True))({name: leaves[name] for name in names})
    return sums, grads


reference = functools.cache(functools.partial(with_gradient, dense))

LEAVES = {
    "no adapter": ("hidden", "kernel"),
    "adapter": ("hidden", "kernel", "lora_a", "lora_b"),
    "adapter with dropout": ("hidden", "kernel", "lora_a", "lora_b", "head_input"),
}


@pytest.mark.parametrize("names", LEAVES.values(), ids=LEAVES.keys())
@pytest.mark.parametrize(("chunk", "fraction"), [(1, 0.3), (4, 0.3), (5, 1.0), (64, 0.3), (4, 0.0)])
def test_equals_the_dense_loss(names: tuple[str, ...], chunk: int, fraction: float):
    (expected, wanted), (actual, grads) = reference(names, fraction), with_gradient(chunked, names, fraction, chunk)
    for a, e in zip(actual, expected, strict=True):
        assert a.dtype == jnp.float32
        np.testing.assert_allclose(a, e, rtol=1e-5)
    jax.tree.map(lambda a, e: np.testing.assert_allclose(a, e, rtol=1e-4, atol=1e-5), grads, wanted)


def test_without_targets_all_is_zero():
    leaves, targets, mask = case(0.0)
    value, grads = jax.jit(jax.value_and_grad(lambda x: chunked(x, targets, mask, 4)[0]))(leaves)
    assert value == 0
    assert all(not np.any(g) for g in jax.tree.leaves(grads))


def test_masked_positions_get_no_gradient():
    leaves, targets, mask = case(0.3)
    grads = jax.jit(jax.grad(lambda x: chunked(x, targets, mask, 4)[0]))(leaves)
    assert not np.any(grads["hidden"][~mask])
    assert np.all(np.any(grads["hidden"][mask], axis=-1))


def test_memory_is_that_of_a_chunk_and_frozen_kernels_have_no_gradient():
    leaves, targets, mask = case(0.3)
    frozen = {"kernel": leaves.pop("kernel")}

    def lora_only(leaves: dict[str, Array], frozen: dict[str, Array]) -> Array:
        return chunked({**leaves, **frozen}, targets, mask, 4)[0]

    shapes = shapes_of(jax.make_jaxpr(jax.grad(lora_only))(leaves, frozen).jaxpr)
    assert (B * 4, V) in shapes, "shapes within the loop are not found"
    assert not any(V in shape and (S in shape or B * S in shape) for shape in shapes)
    assert (D, V) not in shapes
    everything = shapes_of(jax.make_jaxpr(jax.grad(lora_only, argnums=(0, 1)))(leaves, frozen).jaxpr)
    assert (D, V) in everything
    # Also through jit, as a training step calls it.
    jitted = jax.make_jaxpr(jax.grad(jax.jit(lora_only)))(leaves, frozen)
    assert (D, V) not in shapes_of(jitted.jaxpr)


def test_half_precision_accumulates_in_float32():
    leaves, targets, mask = case(0.5, jnp.bfloat16)
    (value, _, _), expected = chunked(leaves, targets, mask, 8), dense(leaves, targets, mask)
    assert value.dtype == jnp.float32
    # Rounded are the scores, those of the adapter in two products, their sum, and the loss of the dense computation.
    np.testing.assert_allclose(value, expected[0], rtol=5 * BFLOAT16)
    grads = jax.jit(jax.grad(lambda x: chunked(x, targets, mask, 8)[0]))(leaves)
    wanted = jax.jit(jax.grad(lambda x: dense(x, targets, mask)[0]))(leaves)
    for name, grad in grads.items():
        assert grad.dtype == leaves[name].dtype
        # And of the gradients the probabilities, and two products.
        assert relative_error(grad.astype(jnp.float32), wanted[name].astype(jnp.float32)) <= 8 * BFLOAT16, name


def test_errors():
    leaves, targets, mask = case(0.3)
    with pytest.raises(ValueError, match="chunk=0"):
        chunked(leaves, targets, mask, 0)
    del leaves["lora_b"]
    with pytest.raises(ValueError, match=r"lora_a.*lora_b"):
        chunked(leaves, targets, mask, 4)


@pytest.mark.parametrize(
    "spec",
    [MeshSpec(data=8), MeshSpec(data=2, fsdp=2, tensor=2), MeshSpec(data=1, tensor=8)],
    ids=["rows", "both", "vocab"],
)
def test_mesh_equals_one_device(spec: MeshSpec):
    leaves, targets, mask = case(0.3, batch=8, vocab=40)

    def sums_and_gradients(leaves: dict[str, Array]) -> tuple[tuple[Array, ...], dict[str, Array]]:
        sums = chunked(leaves, targets, mask, 4)
        return sums, jax.grad(lambda leaves: chunked(leaves, targets, mask, 4)[0])(leaves)

    expected = jax.device_get(jax.jit(sums_and_gradients)(leaves))
    with parallel.mesh_context(parallel.make_mesh(spec), parallel.DEFAULT_RULES):
        found = jax.device_get(jax.jit(sums_and_gradients)(leaves))
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
    for name, wanted in expected[1].items():
        np.testing.assert_allclose(found[1][name], wanted, rtol=1e-5, atol=1e-5 * np.abs(wanted).max(), err_msg=name)


def test_error_on_an_indivisible_vocabulary():
    leaves, targets, mask = case(0.3, batch=8, vocab=37)
    with (
        parallel.mesh_context(parallel.make_mesh(MeshSpec(data=1, tensor=8)), parallel.DEFAULT_RULES),
        pytest.raises(UserError, match=r"37.*8 devices.*rules\.vocab"),
    ):
        jax.eval_shape(lambda leaves: chunked(leaves, targets, mask, 4), leaves)
