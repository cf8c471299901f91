"""Position tables of the UMT encoder: sinusoids, stretched in time and resized in space as upstream does."""

import functools

import numpy as np
from einops import rearrange
from jaxtyping import Float32

from timesuite_jax.layers.positions import bicubic_resize_matrix, linear_resize_matrix, sinusoid_table
from timesuite_jax.models.vision.umt_spec import UmtSpec

# Patches along one side in the released checkpoints, 224 / 16; upstream resizes the table of other sizes from it.
_PRETRAINING_GRID = 14


@functools.lru_cache(maxsize=8)
def position_table(spec: UmtSpec, frames: int) -> Float32[np.ndarray, "N D"]:
    """Computes the position table of a clip (`spec.num_frames` frames) or of an image (one frame).

    Positions are numbered over time, rows and columns. The table of a clip is computed for `ckpt_num_frame` frames and
    interpolated linearly in time. "native" uses the encoder's own grid, "resized" the pretraining grid, resized
    bicubically.
    """
    native = spec.image_size == 224 if spec.position_table == "auto" else spec.position_table == "native"
    table_frames = 1 if frames == 1 else spec.ckpt_num_frame
    side = spec.grid if native else _PRETRAINING_GRID
    # Upstream rounds the table to float32 before interpolation.
    table = sinusoid_table(table_frames * side**2, spec.width).astype(np.float32).astype(np.float64)
    table = rearrange(table, "(F H W) D -> F H W D", H=side, W=side)
    if side != spec.grid:
        resize = bicubic_resize_matrix(side, spec.grid)
        table = np.einsum("yH,xW,FHWD->FyxD", resize, resize, table, optimize=True)
    if table_frames != frames:
        table = np.einsum("TF,FHWD->THWD", linear_resize_matrix(table_frames, frames), table)
    return rearrange(table, "F H W D -> (F H W) D").astype(np.float32)
