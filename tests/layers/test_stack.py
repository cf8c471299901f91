"""One stack, many ways to run it: scanned, unrolled and rematerialised give the same numbers."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from jaxtyping import Array

from timesuite_jax.layers import LayerNorm, Linear, LoraSpec, run_stack


class Block(nn.Module):
    @nn.compact
    def __call__(self, x: Array, bias: Array, shift: Array, *, gain: float) -> tuple[Array, Array]:
        lora = LoraSpec(rank=2, alpha=4)
        y = Linear(x.shape[-1], ("embed", "mlp"), lora=lora, name="mix")(LayerNorm(1e-6, name="norm")(x))
        x = x + jnp.tanh(y + jnp.broadcast_to(bias, y.shape)) * gain + jnp.broadcast_to(shift, y.shape)
        return x, jnp.sum(x)


class Tower(nn.Module):
    unroll: bool = False
    remat: str = "none"

    @nn.compact
    def __call__(self, x: Array, biases: Array, shift: Array) -> tuple[Array, Array]:
        stack = {"length": biases.shape[0], "unroll": self.unroll, "remat": self.remat}
        return run_stack(Block(name="blocks"), x, biases, shift, gain=0.5, **stack)


def inputs() -> tuple[Array, Array, Array]:
    keys = jax.random.split(jax.random.key(0), 3)
    return (
        jax.random.normal(keys[0], (2, 3, 8)),
        jax.random.normal(keys[1], (5, 8)),
        jax.random.normal(keys[2], (8,)),
    )


def test_parameters_are_stacked_and_named():
    boxed = jax.jit(Tower().init)(jax.random.key(1), *inputs())["params"]
    kernel = boxed["blocks"]["mix"]["kernel"]
    assert kernel.names == ("layers", "embed", "mlp")
    assert kernel.value.shape == (5, 8, 8)
    assert boxed["blocks"]["mix"]["lora_a"].value.shape == (5, 8, 2)
    assert not np.allclose(kernel.value[0], kernel.value[1]), "layers must be drawn independently"


@functools.cache
def initial() -> dict:
    return nn.meta.unbox(jax.jit(Tower().init)(jax.random.key(1), *inputs()))


@functools.partial(jax.jit, static_argnums=1)
@jax.value_and_grad
def loss_and_gradient(params: dict, tower: Tower) -> Array:
    x, sums = tower.apply(params, *inputs())
    return jnp.sum(jnp.square(x)) + jnp.sum(sums)


MODES = [(unroll, remat) for unroll in (False, True) for remat in ("none", "full", "dots")]


@pytest.mark.parametrize(("unroll", "remat"), MODES[1:])
def test_ways_to_run_agree(unroll: bool, remat: str):
    """With the first of them."""
    expected = loss_and_gradient(initial(), Tower())
    actual = loss_and_gradient(initial(), Tower(unroll=unroll, remat=remat))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5), actual, expected)


def test_a_stack_of_one_is_fenced():
    """XLA takes a loop of one turn apart, and would then merge what is computed again with what was computed before."""

    def fences(length: int, remat: str) -> int:
        x, biases, shift = inputs()
        inputs_of_some = x, biases[:length], shift
        tower = Tower(remat=remat)
        params = nn.meta.unbox(jax.eval_shape(tower.init, jax.random.key(1), *inputs_of_some))
        gradient = jax.jit(jax.grad(lambda params: jnp.sum(tower.apply(params, *inputs_of_some)[0])))
        return gradient.lower(params).as_text().count("optimization_barrier")

    assert fences(1, "none") == fences(2, "none")
    assert fences(1, "full") > fences(2, "full")


def test_unknown_remat_is_named():
    with pytest.raises(ValueError, match=r"'dot'.*'full'"):
        Tower(remat="dot").init(jax.random.key(1), *inputs())
