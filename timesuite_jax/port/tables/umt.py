"""Entries of UMT's video encoder (`PretrainVisionTransformerEncoder` upstream), a ViT with joint space-time attention.

patch_embed/{kernel [patch*patch*3 in (h, w, c) order, D], bias}
blocks/...                    stacked [L, ...]
norm1, norm2 /{scale, bias}; attn/{qkv/kernel [L, D, 3D], q_bias, v_bias}; attn/proj, mlp/fc1, mlp/fc2
"""

from timesuite_jax.port.layout import LINEAR, SAME_1D, patches
from timesuite_jax.port.table import Entry
from timesuite_jax.port.tables.layers import dense, norm


def entries(torch: str, jax: str, blocks: int, patch: int, *, width: str) -> list[Entry]:
    """Entries of the encoder without its final norm.

    Args:
      torch: name of the encoder's module.
      jax: path of ours.
      blocks: number of blocks.
      patch: side of a patch in pixels.
      width: axis name, see `tables`.
    """
    found = dense(f"{torch}.patch_embed.proj", f"{jax}/patch_embed", f"{width} _ _ _ _", patches(patch))
    for layer in range(blocks):
        found += block(f"{torch}.blocks.{layer}", f"{jax}/blocks", layer, width)
    return found


def block(torch: str, jax: str, layer: int, width: str) -> list[Entry]:
    """Entries of one block, named `torch`."""
    return [
        *norm(f"{torch}.norm1", f"{jax}/norm1", width, layer=layer),
        Entry(f"{torch}.attn.q_bias", f"{jax}/attn/q_bias", SAME_1D, width, layer),
        Entry(f"{torch}.attn.v_bias", f"{jax}/attn/v_bias", SAME_1D, width, layer),
        Entry(f"{torch}.attn.qkv.weight", f"{jax}/attn/qkv/kernel", LINEAR, f"_ {width}", layer),
        *dense(f"{torch}.attn.proj", f"{jax}/attn/proj", f"{width} {width}", layer=layer),
        *norm(f"{torch}.norm2", f"{jax}/norm2", width, layer=layer),
        *dense(f"{torch}.mlp.fc1", f"{jax}/mlp/fc1", f"{width}_mlp {width}", layer=layer),
        *dense(f"{torch}.mlp.fc2", f"{jax}/mlp/fc2", f"{width} {width}_mlp", layer=layer),
    ]
