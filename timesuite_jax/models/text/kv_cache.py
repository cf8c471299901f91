"""Key-value cache: keys and values of past tokens, so that decoding a token computes one row of attention only."""

import jax
import jax.numpy as jnp
from einops import rearrange, repeat
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
    # Whether several tokens at once attend to earlier slots; a prompt in an empty cache attends to itself alone.
    has_prefix: bool = struct.field(pytree_node=False, default=False)

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

    def cut(self, length: Int[Array, ""], more: int) -> "KVCache":
        """Keeps the first `length` slots, followed by free ones; returns a copy with `more` slots than this one.

        Tokens that are written to it later attend to the slots that are kept.
        """
        keys, values = (jnp.pad(entries, [(0, 0)] * 3 + [(0, more), (0, 0)]) for entries in (self.keys, self.values))
        valid = jnp.pad(self.valid, [(0, 0), (0, more)])
        kept = jnp.arange(valid.shape[1])[None] < length
        return KVCache(keys, values, jnp.logical_and(valid, kept), length, has_prefix=True)

    def visible(self, tokens: int) -> Bool[Array, "B S C"]:
        """The slots that each of the last `tokens` admitted tokens attends to: valid, and not after its own."""
        if tokens == 1:
            return self.valid[:, None]
        own = self.used - tokens + jnp.arange(tokens)
        earlier = jnp.arange(self.valid.shape[1])[None] <= own[:, None]
        return jnp.logical_and(self.valid[:, None], earlier[None])


def write(
    entries: Float[Array, "L B g C d"], layer: Int[Array, ""], slot: Int[Array, ""], new: Float[Array, "B g S d"]
) -> Float[Array, "L B g C d"]:
    """Writes the entries of S tokens from `slot` on into one layer (in place, where XLA can reuse the buffer)."""
    return jax.lax.dynamic_update_slice(entries, new.astype(entries.dtype)[None], (layer, 0, 0, slot, 0))


def read(entries: Float[Array, "L B g C d"], layer: Int[Array, ""]) -> Float[Array, "B g C d"]:
    """Returns all slots of one layer."""
    return jax.lax.dynamic_index_in_dim(entries, layer, keepdims=False)


def attend(
    q: Float[Array, "B S h d"],
    keys: Float[Array, "B g C d"],
    values: Float[Array, "B g C d"],
    visible: Bool[Array, "B S C"],
) -> Float[Array, "B S h d"]:
    """Computes the attention of S tokens per row over the cache, with the softmax in float32.

    Args:
      q: queries.
      keys: all slots of a layer.
      values: all slots of a layer.
      visible: the slots that each token attends to, at least one.
    """
    width, groups, tokens = q.shape[-1], keys.shape[1], q.shape[1]
    grouped = rearrange(q, "B S (g n) d -> B g (n S) d", g=groups)
    scores = jnp.einsum("BgQd,BgCd->BgQC", grouped, keys.astype(q.dtype), preferred_element_type=jnp.float32)
    mask = visible if tokens == 1 else repeat(visible, "B S C -> B (n S) C", n=q.shape[2] // groups)
    scores = jnp.where(mask[:, None], scores * width**-0.5, jnp.finfo(jnp.float32).min)
    weights = jax.nn.softmax(scores, axis=-1).astype(q.dtype)
    out = jnp.einsum("BgQC,BgCd->BgQd", weights, values.astype(q.dtype))
    return rearrange(out, "B g (n S) d -> B S (g n) d", S=tokens)
