"""Codes and scales against plain loops; a quantised layer against the float one of the same weights."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from flax import linen as nn

from timesuite_jax import param_tree
from timesuite_jax.layers import Linear, LoraSpec
from timesuite_jax.layers.quantized import GROUP, QUANTIZED_TYPES, dequantize, group_size, quantize

RNG = np.random.default_rng(0)
KERNEL = RNG.normal(size=(2, 2 * GROUP, 5)).astype(np.float32)  # two layers, two groups


def by_hand(kernel: np.ndarray, lowest: int) -> tuple[np.ndarray, np.ndarray]:
    """One kernel, number for number."""
    codes = np.zeros(kernel.shape, np.int64)
    scales = np.zeros((kernel.shape[0] // GROUP, kernel.shape[1]), ml_dtypes.bfloat16)
    for group in range(scales.shape[0]):
        for out in range(kernel.shape[1]):
            rows = range(group * GROUP, (group + 1) * GROUP)
            largest = max((kernel[row, out] for row in rows), key=abs)
            scales[group, out] = largest / np.float32(lowest)
            for row in rows:
                code = round(float(kernel[row, out] / np.float32(scales[group, out])))
                codes[row, out] = min(max(code, lowest), -lowest - 1)
    return codes, scales


@pytest.mark.parametrize("form", QUANTIZED_TYPES)
def test_equals_the_reference_in_numpy_and_in_jax(form: str):
    lowest = {"int8": -128, "int4": -8}[form]
    expected = [by_hand(kernel, lowest) for kernel in KERNEL]
    floats = [np.repeat(scales.astype(np.float32), GROUP, axis=0) * codes for codes, scales in expected]
    for kernel in (KERNEL, jnp.asarray(KERNEL)):
        parts = quantize(kernel, QUANTIZED_TYPES[form])
        assert type(parts["quantized"]) is type(kernel[0]) and parts["quantized"].dtype == QUANTIZED_TYPES[form]
        for layer, (codes, scales) in enumerate(expected):
            np.testing.assert_array_equal(np.asarray(parts["quantized"][layer], np.int64), codes)
            np.testing.assert_array_equal(parts["scales"][layer], scales)
        np.testing.assert_array_equal(dequantize(**parts, dtype=jnp.float32), np.stack(floats))
        half = dequantize(**parts, dtype=jnp.bfloat16)
        np.testing.assert_array_equal(half, np.stack(floats).astype(ml_dtypes.bfloat16))


@pytest.mark.parametrize(("form", "stated"), [("int8", 0.0054), ("int4", 0.086)])
def test_normal_weights_come_back_within_the_stated_error(form: str, stated: float):
    kernel = np.random.default_rng(1).normal(size=(1024, 256)).astype(np.float32)
    back = dequantize(**quantize(kernel, QUANTIZED_TYPES[form]), dtype=np.float32)
    assert np.linalg.norm(back - kernel) / np.linalg.norm(kernel) == pytest.approx(stated, rel=0.01)


@pytest.mark.parametrize("form", QUANTIZED_TYPES)
def test_quantising_again_changes_nothing(form: str):
    kernel = KERNEL.copy()
    kernel[0, :GROUP, 0] = 0.0  # a group of zeros has no scale
    kernel[0, GROUP, 1] = np.nan
    kernel[1, 0, 2] = np.inf
    with np.errstate(invalid="ignore"):
        parts = quantize(kernel, QUANTIZED_TYPES[form])
        floats = dequantize(**parts, dtype=np.float32)
    assert not floats[0, :GROUP, 0].any()
    bad = np.isnan(floats)
    assert bad.sum() == 2 * GROUP and bad[0, GROUP:, 1].all() and bad[1, :GROUP, 2].all(), "nothing bad is hidden"
    floats[bad] = 1.0
    again = quantize(floats, QUANTIZED_TYPES[form])
    np.testing.assert_array_equal(dequantize(**again, dtype=np.float32), floats)


def test_narrow_kernels_have_smaller_groups():
    assert [group_size(inputs) for inputs in (4096, 32, 48, 16, 5)] == [32, 32, 16, 16, 1]


class Two(nn.Module):
    """A layer with an adapter."""

    weight_format: str

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        return Linear(
            5, ("embed", "mlp"), use_bias=False, weight_format=self.weight_format, lora=LoraSpec(2, 4), name="layer"
        )(x)


@pytest.mark.parametrize("form", QUANTIZED_TYPES)
def test_a_layer_is_the_float_layer_of_those_weights(form: str):
    x = jnp.asarray(RNG.normal(size=(3, 2 * GROUP)), jnp.float32)
    fresh = {kernels: Two(kernels).init(jax.random.key(0), x)["params"]["layer"] for kernels in ("float", form)}
    names = {path: leaf.names for path, leaf in param_tree.leaves_with_paths(fresh[form])}
    assert names["kernel", "quantized"] == names["kernel", "scales"] == ("embed", "mlp")
    params = nn.meta.unbox(fresh)
    # One seed makes one model, however it is stored.
    assert_same(params[form]["kernel"], quantize(params["float"]["kernel"], QUANTIZED_TYPES[form]))
    assert_same(params[form]["lora_a"], params["float"]["lora_a"])

    adapters = {"lora_a": params[form]["lora_a"], "lora_b": jnp.ones((2, 5))}

    def loss(adapters: dict, x: jax.Array, kernels: str, kernel: dict | jax.Array) -> jax.Array:
        return jnp.sum(jnp.sin(Two(kernels).apply({"params": {"layer": {"kernel": kernel, **adapters}}}, x)))

    grad = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)), static_argnums=2)
    floats = dequantize(**jax.tree.map(np.asarray, params[form]["kernel"]), dtype=np.float32)
    assert_same(grad(adapters, x, form, params[form]["kernel"]), grad(adapters, x, "float", jnp.asarray(floats)))


def assert_same(a: object, b: object) -> None:
    jax.tree.map(np.testing.assert_array_equal, a, b)
