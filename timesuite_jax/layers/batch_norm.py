"""BatchNorm (arXiv:1502.03167) whose running statistics are parameters.

They are saved and sharded like parameters. In training the loss's gradient with respect to them is the way by which
they move to those of the batch, see `timesuite_jax.training.Task.is_statistic`: gradients are summed over devices and
microbatches and divided by the loss's weight once, and so are these.
"""

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Bool, Float

MOMENTUM = 0.1  # PyTorch's default: the part of a running statistic that a step replaces


class BatchNorm(nn.Module):
    """Normalises each channel over all tokens of all samples of the batch, whatever devices they are on.

    The loss must sum over the valid samples with a weight of 1 each.
    """

    epsilon: float
    affine: bool = True  # whether it scales and shifts
    axis: str | None = "embed"  # logical axis of the parameters

    @nn.compact
    def __call__(
        self, x: Float[Array, "n N D"], *, valid: Bool[Array, " n"] | None = None, deterministic: bool
    ) -> Float[Array, "n N D"]:
        """Normalises in float32; `deterministic` by the running statistics, otherwise by those of the valid samples."""

        def param(name: str, init: nn.initializers.Initializer) -> Float[Array, " D"]:
            boxed = nn.with_logical_partitioning(init, (self.axis,))
            return self.param(name, boxed, x.shape[-1:]).astype(jnp.float32)

        zeros, ones = nn.initializers.zeros_init(), nn.initializers.ones_init()
        mean, variance = param("mean", zeros), param("var", ones)
        x = x.astype(jnp.float32)
        if not deterministic:
            samples = jnp.ones(len(x)) if valid is None else valid.astype(jnp.float32)
            running = mean, variance
            mean, variance, unbiased = _moments(x, samples)
            weight = MOMENTUM * jnp.sum(samples)
            moves = weight * (mean - running[0]), weight * (unbiased - running[1])
            x = _with_gradients(x, running, jax.lax.stop_gradient(moves))
        factor, shift = jax.lax.rsqrt(variance + self.epsilon), jnp.zeros_like(mean)
        if self.affine:
            factor, shift = factor * param("scale", ones), param("bias", zeros)
        return (x - jnp.broadcast_to(mean, x.shape)) * jnp.broadcast_to(factor, x.shape) + jnp.broadcast_to(
            shift, x.shape
        )


def _moments(
    x: Float[Array, "n N D"], samples: Float[Array, " n"]
) -> tuple[Float[Array, " D"], Float[Array, " D"], Float[Array, " D"]]:
    """Mean, variance and unbiased variance of each channel; `samples` is 1 for samples that count, 0 for others."""
    count = jnp.sum(samples) * x.shape[1]
    mean = jnp.einsum("nND,n->D", x, samples) / jnp.maximum(count, 1.0)
    squares = jnp.einsum("nND,n->D", jnp.square(x - jnp.broadcast_to(mean, x.shape)), samples)
    return mean, squares / jnp.maximum(count, 1.0), squares / jnp.maximum(count - 1.0, 1.0)


@jax.custom_vjp
def _with_gradients(x: Array, params: tuple[Array, ...], gradients: tuple[Array, ...]) -> Array:
    """Returns `x`; the gradients of `params` are `gradients`, whatever is computed of the result."""
    del params, gradients
    return x


def _forward(x: Array, params: tuple[Array, ...], gradients: tuple[Array, ...]) -> tuple[Array, tuple[Array, ...]]:
    del params
    return x, gradients


def _backward(gradients: tuple[Array, ...], cotangent: Array) -> tuple[Array, tuple[Array, ...], tuple[Array, ...]]:
    return cotangent, gradients, jax.tree.map(jnp.zeros_like, gradients)


_with_gradients.defvjp(_forward, _backward)
