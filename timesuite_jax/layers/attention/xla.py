"""The reference, `jax.nn.dot_product_attention`: two matrix products around a softmax in float32."""

import jax
from jaxtyping import Array, Bool, Float, Int


def xla_attention(
    q: Float[Array, "B S h d"],
    k: Float[Array, "B C g d"],
    v: Float[Array, "B C g d"],
    *,
    causal: bool,
    kv_mask: Bool[Array, "B C"] | None,
    scale: float,
    segments: Int[Array, "B S"] | None = None,
) -> Float[Array, "B S h d"]:
    """See `attention`."""
    mask = None if kv_mask is None else kv_mask[:, None, None]
    if segments is not None:
        same_segment = ((segments[:, None] == 0) | (segments[:, None] == segments[:, :, None]))[:, None]
        mask = same_segment if mask is None else mask & same_segment
    # It promotes bfloat16 to float32 implicitly, which the strict promotion that this package is tested with forbids.
    with jax.numpy_dtype_promotion("standard"):
        return jax.nn.dot_product_attention(q, k, v, mask=mask, scale=scale, is_causal=causal, implementation="xla")
