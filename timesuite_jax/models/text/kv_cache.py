"""Key-value cache: keys and values of past tokens, so that decoding a token computes one row of attention only."""

import jax
import jax.numpy as jnp
from einops import rearrange
from flax import struct
from jaxtyping import Array, Bool, Float, Int


@struct.dataclass
class KVCache:
    """A cache of C slots for all layers of one model.

    All rows of the batch write to the same slot, so that one slice update serves them all. Rows of different length
    differ in `valid` and in the positions of their rotary embedding, not in the slots they use.
    """

    keys: Float[Array, "L B g C d"]
    values: Float[Array, "L B g C d"]
    valid: Bool[Array, "B C"]  # slots that hold a real token
    used: Int[Array, ""]  # slots written so far

    @classmethod
    def empty(
        cls, *, layers: int, batch: int, kv_heads: int, capacity: int, head_width: int, dtype: jnp.dtype
    ) -> "KVCache":
        """Creates a cache without tokens."""
        entries = jnp.zeros((layers, batch, kv_heads, capacity, head_width), dtype)
        return cls(entries, entries, jnp.zeros((batch, capacity), bool), jnp.zeros((), jnp.int32))

    def admit(self, valid: Bool[Array, "B S"]) -> "KVCache":
        """Reserves the next S slots, which the layers then fill with keys and values."""
        marked = jax.lax.dynamic_update_slice(self.valid, valid, (0, self.used))
        return self.replace(valid=marked, used=self.used + valid.shape[1])


def write(
    entries: Float[Array, "L B g C d"], layer: Int[Array, ""], slot: Int[Array, ""], new: Float[Array, "B g S d"]
) -> Float[Array, "L B g C d"]:
    """Writes the entries of S tokens from `slot` on into one layer (in place, where XLA can reuse the buffer)."""
    return jax.lax.dynamic_update_slice(entries, new.astype(entries.dtype)[None], (layer, 0, 0, slot, 0))


def read(entries: Float[Array, "L B g C d"], layer: Int[Array, ""]) -> Float[Array, "B g C d"]:
    """Returns all slots of one layer."""
    return jax.lax.dynamic_index_in_dim(entries, layer, keepdims=False)


def attend(
    q: Float[Array, "B 1 h d"],
    keys: Float[Array, "B g C d"],
    values: Float[Array, "B g C d"],
    valid: Bool[Array, "B C"],
) -> Float[Array, "B 1 h d"]:
    """Computes the attention of one query token per row over the cache, with the softmax in float32."""
    width = q.shape[-1]
    grouped = rearrange(q, "B 1 (g n) d -> B g n d", g=keys.shape[1])
    scores = jnp.einsum("Bgnd,BgCd->BgnC", grouped, keys.astype(q.dtype), preferred_element_type=jnp.float32)
    scores = jnp.where(valid[:, None, None], scores * width**-0.5, jnp.finfo(jnp.float32).min)
    weights = jax.nn.softmax(scores, axis=-1).astype(q.dtype)
    out = jnp.einsum("BgnC,BgCd->Bgnd", weights, values.astype(q.dtype))
    return rearrange(out, "B g n d -> B 1 (g n) d")
