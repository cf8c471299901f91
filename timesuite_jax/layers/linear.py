"""Dense layer with an optional low-rank adapter (LoRA, arXiv:2106.09685).

Every kernel is two-dimensional, [in, out], heads merged into `out`: one layout for sharding and for exchange with
PyTorch. The adapter's parameters `lora_a`, `lora_b` are siblings of the kernel they adapt, so that "train the adapters
only" is a predicate on paths. A frozen kernel may be quantized (`layers/quantized.py`).
"""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax.nn.initializers import Initializer
from jaxtyping import Array, Float, PRNGKeyArray

from timesuite_jax.errors import UserError
from timesuite_jax.layers.devices import is_one_device, platform
from timesuite_jax.layers.dropout import Dropout
from timesuite_jax.layers.quantized import QUANTIZED_TYPES, dequantize, quantized_init


@dataclasses.dataclass(frozen=True)
class LoraSpec:
    """Size of the adapters: `y = W x + (alpha / rank) B A dropout(x)`."""

    rank: int
    alpha: float
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Checks the rank."""
        if self.rank < 1:
            raise UserError(f"lora.rank={self.rank} must be at least 1; for a model without adapters set lora=None")

    @property
    def scaling(self) -> float:
        """The factor on the adapter's output."""
        return self.alpha / self.rank


def torch_uniform(fan_in: int) -> Initializer:
    """PyTorch's default initialiser, U(-1/sqrt(fan_in), 1/sqrt(fan_in)) (kaiming_uniform with a = sqrt 5)."""
    bound = 1.0 / math.sqrt(fan_in)

    def init(rng: PRNGKeyArray, shape: tuple[int, ...], dtype: jnp.dtype = jnp.float32) -> Float[Array, "*shape"]:
        return jax.random.uniform(rng, shape, dtype, -bound, bound)

    return init


class Linear(nn.Module):
    """`x @ kernel + bias`, plus the adapter where `lora` is given."""

    features: int
    axes: tuple[str | None, str | None]  # logical axes of the kernel: (in, out)
    use_bias: bool = True
    lora: LoraSpec | None = None
    weight_format: str = "float"  # or "int8", "int4": how the kernel is stored
    dtype: jnp.dtype = jnp.float32  # of the computation
    param_dtype: jnp.dtype = jnp.float32
    kernel_init: Initializer = nn.initializers.lecun_normal()  # keeps the variance at any width
    bias_init: Initializer = nn.initializers.zeros_init()

    @nn.compact
    def __call__(self, x: Float[Array, "*batch D_in"], *, deterministic: bool = True) -> Float[Array, "*batch D_out"]:
        """Applies the layer; `deterministic=False` draws the adapter's dropout from the stream "dropout"."""
        width = x.shape[-1]
        in_axis, out_axis = self.axes

        def param(
            name: str, init: Initializer, axes: tuple[str | None, ...], shape: tuple[int, ...]
        ) -> Float[Array, "*shape"] | Float[np.ndarray, "*shape"]:
            boxed = nn.with_logical_partitioning(init, axes)
            return self.param(name, boxed, shape, self.param_dtype).astype(self.dtype)

        x = x.astype(self.dtype)
        if self.weight_format == "float":
            kernel = param("kernel", self.kernel_init, self.axes, (width, self.features))
        else:
            init = quantized_init(self.kernel_init, QUANTIZED_TYPES[self.weight_format], self.axes)
            kernel = dequantize(
                **self.param("kernel", init, (width, self.features), self.param_dtype), dtype=self.dtype
            )
        y = _product(x, kernel)
        if self.use_bias:
            bias = param("bias", self.bias_init, (out_axis,), (self.features,))
            y = y + jnp.broadcast_to(bias, y.shape)
        if self.lora is not None:
            # The adapters stay float32 where the base is bfloat16: their updates are far below its resolution.
            a = self.param(
                "lora_a",
                nn.with_logical_partitioning(torch_uniform(width), (in_axis, "lora_rank")),
                (width, self.lora.rank),
            ).astype(self.dtype)
            b = self.param(
                "lora_b",
                nn.with_logical_partitioning(nn.initializers.zeros_init(), ("lora_rank", out_axis)),
                (self.lora.rank, self.features),
            ).astype(self.dtype)
            # Computed once instead of for every tile of the product: the barrier keeps XLA on TPU from fusing the two.
            branch = jax.lax.optimization_barrier(Dropout(self.lora.dropout)(x, deterministic=deterministic))
            low = jnp.einsum("...i,ir->...r", branch, a)
            y = y + jnp.einsum("...r,ro->...o", low, b) * jnp.asarray(self.lora.scaling, self.dtype)
        return y


def _product(
    x: Float[Array, "*batch D_in"], kernel: Float[Array | np.ndarray, "D_in D_out"]
) -> Float[Array, "*batch D_out"]:
    if platform() != "cpu" or not is_one_device():
        return jnp.einsum("...i,io->...o", x, kernel)
    # The kernel's gradient is a sum over rows: over several axes, XLA on CPU would first copy its operands transposed.
    rows = x.reshape(-1, x.shape[-1])
    return jnp.einsum("Ni,io->No", rows, kernel).reshape(*x.shape[:-1], kernel.shape[-1])
