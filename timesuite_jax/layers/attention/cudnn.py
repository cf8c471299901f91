"""cuDNN's fused attention on NVIDIA GPUs, through `jax.nn.dot_product_attention`."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

HALF_TYPES = (jnp.dtype(jnp.bfloat16), jnp.dtype(jnp.float16))
MAX_HEAD_WIDTH = 128  # 256 from Hopper on; no model here needs it


def cudnn_supports(q: Float[Array, "B S h d"], k: Float[Array, "B C g d"], *, masked: bool) -> bool:
    """Whether the fused kernel takes these types and shapes (limits of cuDNN 9, checked again by JAX)."""
    width = q.shape[-1]
    even = q.shape[1] % 2 == 0 and k.shape[1] % 2 == 0
    return q.dtype in HALF_TYPES and width <= MAX_HEAD_WIDTH and width % 8 == 0 and (even or not masked)


def device_has_cudnn_attention() -> bool:
    """Whether the first device is an NVIDIA GPU of compute capability 8.0 (Ampere) or later."""
    device = jax.devices()[0]
    if device.platform != "gpu" or "cuda" not in device.client.platform_version.lower():
        return False
    return float(device.compute_capability) >= 8.0


def cudnn_attention(
    q: Float[Array, "B S h d"],
    k: Float[Array, "B C g d"],
    v: Float[Array, "B C g d"],
    *,
    causal: bool,
    kv_mask: Bool[Array, "B C"] | None,
    scale: float,
) -> Float[Array, "B S h d"]:
    """See `attention`."""
    mask = None
    if kv_mask is not None:
        # The kernel reads a mask as a bias, of both lengths.
        mask = jnp.broadcast_to(kv_mask[:, None, None], (q.shape[0], 1, q.shape[1], k.shape[1]))
    return jax.nn.dot_product_attention(q, k, v, mask=mask, scale=scale, is_causal=causal, implementation="cudnn")
