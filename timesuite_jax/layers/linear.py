"""Dense layer with an optional low-rank adapter (LoRA, arXiv:2106.09685).

Every kernel is two-dimensional, [in, out], heads merged into `out`: one layout for sharding and for exchange with
PyTorch. The adapter's parameters `lora_a`, `lora_b` stand beside the kernel they adapt, so that "train the adapters
only" is a predicate on paths. A frozen kernel may be quantised (`layers/quantised.py`).
"""

import dataclasses
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.errors import UserError
from timesuite_jax.layers.dropout import Dropout
from timesuite_jax.layers.quantised import CODES, dequantise, quantised_init


@dataclasses.dataclass(frozen=True)
class LoraSpec:
    """Size of the adapters: `y = W x + (alpha / rank) B A dropout(x)`."""

    rank: int
    alpha: float
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Refuses an adapter of no rank: leaving adapters out is `lora=None`."""
        if self.rank < 1:
            raise UserError(f"lora.rank={self.rank} must be at least 1; for no adapters write lora=None")

    @property
    def scaling(self) -> float:
        """The factor on the adapter's output."""
        return self.alpha / self.rank


def torch_uniform(fan_in: int) -> Callable[..., Array]:
    """PyTorch's default initialiser, U(-1/sqrt(fan_in), 1/sqrt(fan_in)) (kaiming_uniform with a = sqrt 5)."""
    bound = 1.0 / math.sqrt(fan_in)

    def init(rng: Array, shape: tuple[int, ...], dtype: jnp.dtype = jnp.float32) -> Array:
        return jax.random.uniform(rng, shape, dtype, -bound, bound)

    return init


class Linear(nn.Module):
    """`x @ kernel + bias`, plus the adapter where `lora` is given."""

    features: int
    axes: tuple[str | None, str | None]  # logical axes of the kernel: (in, out)
    use_bias: bool = True
    lora: LoraSpec | None = None
    kernels: str = "float"  # or "int8", "int4": how the kernel is stored
    dtype: jnp.dtype = jnp.float32  # of the computation
    param_dtype: jnp.dtype = jnp.float32
    kernel_init: Callable[..., Array] = nn.initializers.lecun_normal()  # keeps the variance at any width
    bias_init: Callable[..., Array] = nn.initializers.zeros_init()

    @nn.compact
    def __call__(self, x: Float[Array, "*batch D_in"], *, deterministic: bool = True) -> Float[Array, "*batch D_out"]:
        """Applies the layer; `deterministic=False` draws the adapter's dropout from the stream "dropout"."""
        width = x.shape[-1]
        in_axis, out_axis = self.axes

        def param(name: str, init: Callable[..., Array], axes: tuple[str | None, ...], shape: tuple[int, ...]) -> Array:
            boxed = nn.with_logical_partitioning(init, axes)
            return self.param(name, boxed, shape, self.param_dtype).astype(self.dtype)

        x = x.astype(self.dtype)
        if self.kernels == "float":
            kernel = param("kernel", self.kernel_init, self.axes, (width, self.features))
        else:
            init = quantised_init(self.kernel_init, CODES[self.kernels], self.axes)
            kernel = dequantise(
                **self.param("kernel", init, (width, self.features), self.param_dtype), dtype=self.dtype
            )
        y = jnp.einsum("...i,io->...o", x, kernel)
        if self.use_bias:
            bias = param("bias", self.bias_init, (out_axis,), (self.features,))
            y = y + jnp.broadcast_to(bias, y.shape)
        if self.lora is not None:
            # The adapters stay float32 beside a bf16 base: their updates are far below bf16's resolution.
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
            # Made once, not again for every tile of the product: the barrier keeps a TPU from joining the two.
            branch = jax.lax.optimization_barrier(Dropout(self.lora.dropout)(x, deterministic=deterministic))
            low = jnp.einsum("...i,ir->...r", branch, a)
            y = y + jnp.einsum("...r,ro->...o", low, b) * jnp.asarray(self.lora.scaling, self.dtype)
        return y
