"""LayerScale (arXiv:2103.17239): a learned factor a channel on a residual branch."""

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float


class LayerScale(nn.Module):
    """Multiplies each channel by its factor."""

    init: float  # of all factors
    float32: bool = True  # multiply in float32, as InternVideo2's vision stages do, instead of the type of the input
    param_dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: Float[Array, "n N D"]) -> Float[Array, "n N D"]:
        """Scales a branch of the residual stream."""
        init = nn.with_logical_partitioning(nn.initializers.constant(self.init), ("embed",))
        gamma = self.param("gamma", init, (x.shape[-1],), self.param_dtype)
        wide = jnp.float32 if self.float32 else x.dtype
        scaled = x.astype(wide) * jnp.broadcast_to(gamma.astype(wide), x.shape)
        return scaled.astype(x.dtype)
