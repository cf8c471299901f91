"""The dense layer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from timesuite_jax.layers import Linear


@pytest.mark.parametrize("devices", [1, 4])
def test_rows_are_one_axis_on_one_cpu_device(devices: int):
    """Over several axes the kernel's gradient would be slow there; merged ones cannot be sharded apart."""
    layer = Linear(5, ("embed", "mlp"))
    x = jax.random.normal(jax.random.key(0), (4, 3, 8))
    variables = nn.meta.unbox(layer.init(jax.random.key(1), x))
    mesh = jax.make_mesh((devices,), ("x",), axis_types=(jax.sharding.AxisType.Auto,))

    def loss(variables: dict, x: jax.Array) -> jax.Array:
        return jnp.sum(jnp.square(layer.apply(variables, x)))

    with jax.set_mesh(mesh):
        lowered = jax.jit(jax.grad(loss)).lower(variables, x)
    axes = "[0] x [0]" if devices == 1 else "[0, 1] x [0, 1]"
    assert f"contracting_dims = {axes}" in lowered.as_text()
    kernel = variables["params"]["kernel"]
    expected = 2 * np.einsum("nNi,nNj,jo->io", x, x, kernel)
    np.testing.assert_allclose(lowered.compile()(variables, x)["params"]["kernel"], expected, rtol=1e-4, atol=1e-4)
