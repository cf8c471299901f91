"""Entries of the encoder of VideoMAE v2 (`single_modality/models/videomae.py` upstream).

patch_embed/{kernel [tubelet*patch*patch*3 in (t, h, w, c) order, D], bias}; norm/{scale, bias}
blocks/...                    stacked [L, ...], as in `umt`
"""

from timesuite_jax.port.layout import patches
from timesuite_jax.port.table import Entry
from timesuite_jax.port.tables import umt
from timesuite_jax.port.tables.layers import dense, norm


def entries(torch: str, jax: str, blocks: int, patch: int, tubelet: int, *, width: str) -> list[Entry]:
    """Entries of the encoder, in the order of upstream's state dict.

    Args:
      torch: prefix of the encoder's keys, "" or with a final ".".
      jax: prefix of ours, "" or with a final "/".
      blocks: number of blocks.
      patch: side of a patch in pixels.
      tubelet: frames of a patch.
      width: axis name, see `tables`.
    """
    found = dense(f"{torch}patch_embed.proj", f"{jax}patch_embed", f"{width} _ _ _ _", patches(patch, tubelet))
    for layer in range(blocks):
        found += umt.block(f"{torch}blocks.{layer}", f"{jax}blocks", layer, width)
    return [*found, *norm(f"{torch}norm", f"{jax}norm", width)]
