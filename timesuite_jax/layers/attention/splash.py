"""The TPU kernel: block-sparse flash attention from JAX's Pallas library ("splash").

Blocks above the causal diagonal are skipped and no S x C matrix exists in memory, forward or backward. The kernel takes
one sample, `[heads, length, width]` with lengths in whole blocks, so this file pads, maps over the batch, and, under a
mesh, wraps the kernel in `shard_map`: GSPMD cannot partition a Pallas call.
"""

import functools

import jax
import jax.numpy as jnp
from einops import rearrange, repeat
from flax import linen as nn
from jax.experimental.pallas.ops.tpu import splash_attention
from jax.sharding import PartitionSpec
from jaxtyping import Array, Bool, Float, Int, Shaped

from timesuite_jax.layers.logical_sharding import num_shards

# Large blocks amortize the overhead of a grid step; padding wastes work. The smallest block is 128, a TPU's lanes.
BLOCKS = (512, 384, 256, 128)
MAX_PADDING = 0.1
LANES = BLOCKS[-1]
# Without a causal mask, at most so many keys are one block, padding included: a softmax in one pass, and one copy of
# the queries' gradient. InternVideo2 has 2,049: a class token and 8 frames.
WHOLE_KEYS = 2176
MIN_WIDTH = 64  # of a head; the kernel fills a TPU's lanes with zeros, which for narrower heads are most of its work
MIN_LENGTH = 512  # below, the score matrix is small and XLA's fusion is as fast


def splash_supports(q: Float[Array, "B S h d"], k: Float[Array, "B C g d"]) -> bool:
    """Whether the kernel supports this head width and is faster at these lengths."""
    width = q.shape[-1]
    return width >= MIN_WIDTH and width % 8 == 0 and min(q.shape[1], k.shape[1]) >= MIN_LENGTH


def splash_attention_kernel(
    q: Float[Array, "B S h d"],
    k: Float[Array, "B C g d"],
    v: Float[Array, "B C g d"],
    *,
    causal: bool,
    kv_mask: Bool[Array, "B C"] | None,
    scale: float,
    interpret: bool = False,
) -> Float[Array, "B S h d"]:
    """See `attention`; `interpret=True` emulates the kernel on any platform (slow, for tests)."""
    if kv_mask is None:
        kv_mask = jnp.ones((k.shape[0], k.shape[1]), bool)
    # The kernel has no scale of its own.
    local = functools.partial(_on_one_device, causal=causal, interpret=interpret)
    q = q * jnp.asarray(scale, q.dtype)
    mesh = jax.sharding.get_abstract_mesh()
    if mesh.empty or mesh.size == 1:
        return local(q, k, v, kv_mask)
    # One call each: within one call two dimensions cannot be on the same mesh axis.
    names = ("batch", "heads", "kv_heads")
    batch, heads, kv_heads = ((nn.logical_to_mesh_axes((name,)) or (None,))[0] for name in names)
    if heads != kv_heads:
        # A shard must hold whole groups: where the key-value heads are not split the same way, they are repeated for
        # each query head.
        k, v = (repeat(x, "B C g d -> B C (g m) d", m=q.shape[2] // k.shape[2]) for x in (k, v))
    # Shards have equal sizes: the batch is padded, and the padding dropped from the result.
    samples = q.shape[0]
    rows = samples + -samples % num_shards("batch")
    q, k, v = (_pad(x, 0, rows) for x in (q, k, v))
    kv_mask = jnp.pad(kv_mask, ((0, rows - samples), (0, 0)), constant_values=True)
    sample = PartitionSpec(batch, None, heads, None)
    sharded = jax.shard_map(
        local,
        in_specs=(sample, sample, sample, PartitionSpec(batch, None)),
        out_specs=sample,
        check_vma=False,  # a Pallas call does not declare over which mesh axes its result varies
    )
    return sharded(q, k, v, kv_mask)[:samples]


def _on_one_device(
    q: Float[Array, "B S h d"],
    k: Float[Array, "B C g d"],
    v: Float[Array, "B C g d"],
    kv_mask: Bool[Array, "B C"],
    *,
    causal: bool,
    interpret: bool,
) -> Float[Array, "B S h d"]:
    length, heads = q.shape[1], q.shape[2]
    q_block, kv_block = _blocks(length, k.shape[1], causal=causal)
    q = _pad(rearrange(q, "B S h d -> B h S d"), 2, q_block)
    k = _pad(rearrange(k, "B C g d -> B g C d"), 2, kv_block)
    v = _pad(rearrange(v, "B C g d -> B g C d"), 2, kv_block)
    visible = _pad(kv_mask, 1, kv_block).astype(jnp.int32)

    shape = (q.shape[2], k.shape[2])
    mask = splash_attention.CausalMask(shape) if causal else splash_attention.FullMask(shape)
    kernel = splash_attention.make_splash_mha(
        splash_attention.MultiHeadMask([mask] * heads),
        head_shards=1,
        q_seq_shards=1,
        interpret=interpret,
        # One kernel computes all three gradients from one set of scores; two would compute the scores twice. It writes
        # the queries' gradient once a block of keys, to be summed: 6 copies at 2,112 positions, 64 at 32,400.
        block_sizes=splash_attention.BlockSizes(
            block_q=q_block,
            block_kv=kv_block,
            block_q_dkv=q_block,
            block_kv_dkv=kv_block,
            use_fused_bwd_kernel=True,
        ),
    )

    def one_sample(
        q: Float[Array, "h S d"], k: Float[Array, "g C d"], v: Float[Array, "g C d"], visible: Int[Array, " C"]
    ) -> Float[Array, "h S d"]:
        # All queries belong to segment 1, so they attend to the keys of segment 1.
        segments = splash_attention.SegmentIds(q=jnp.ones(q.shape[1], jnp.int32), kv=visible)
        return kernel(q, k, v, segments)

    # XLA does not know the FLOPs of a custom kernel; the scope has the arguments of `splash_flops`.
    with jax.named_scope(f"splash_{'causal' if causal else 'full'}_{q_block}x{kv_block}"):
        out = jax.vmap(one_sample)(q, k, v, visible)
    return rearrange(out[:, :, :length], "B h S d -> B S h d")


def splash_flops(
    q_shape: tuple[int, int, int, int], keys: int, blocks: tuple[int, int], *, causal: bool, phase: str
) -> float:
    """FLOPs of one call of the forward or the backward kernel.

    Args:
      q_shape: samples, heads, padded positions, width.
      keys: padded positions of the keys.
      blocks: positions of a block of queries and of keys.
      causal: whether blocks above the diagonal are skipped.
      phase: "fwd", or "dkv", the whole backward pass, which recomputes the scores.
    """
    samples, heads, queries, width = q_shape
    rows, columns = blocks
    visited = queries * keys
    if causal:
        visited = sum(rows * columns * -(-(first + rows) // columns) for first in range(0, queries, rows))
    products = {"fwd": 2, "dkv": 5}[phase]
    return 2.0 * products * samples * heads * width * visited


def _blocks(queries: int, keys: int, *, causal: bool) -> tuple[int, int]:
    """Block sizes of queries and of keys."""
    padded = keys + -keys % LANES
    if not causal and padded <= WHOLE_KEYS:
        return _block(queries), padded
    return _block(queries), _block(keys)


def _block(length: int) -> int:
    """The largest block with little padding."""
    for block in BLOCKS:
        if -length % block <= MAX_PADDING * length:
            return block
    return LANES


def _pad(x: Shaped[Array, "..."], axis: int, multiple: int) -> Shaped[Array, "..."]:
    widths = [(0, 0)] * x.ndim
    widths[axis] = (0, -x.shape[axis] % multiple)
    return jnp.pad(x, widths)
