"""The fixed position table of UMT and VideoMAE: sinusoids of the pretraining's clips, resized to those of the model."""

import numpy as np
from einops import rearrange
from jaxtyping import Float32

from timesuite_jax.layers.positions import bicubic_resize_matrix, linear_resize_matrix, sinusoid_table


def resized_sinusoids(
    width: int, pretrained: tuple[int, int], model: tuple[int, int]
) -> Float32[np.ndarray, "N width"]:
    """Numbers positions over time, rows and columns; resizes bicubically in space, then linearly in time.

    Args:
      width: of the tokens.
      pretrained: time steps, and patches along one side, of the clips that the table is computed for.
      model: those of the result.
    """
    frames, side = pretrained
    # Upstream rounds the table to float32 before interpolation.
    table = sinusoid_table(frames * side**2, width).astype(np.float32).astype(np.float64)
    table = rearrange(table, "(F H W) D -> F H W D", H=side, W=side)
    new_frames, new_side = model
    if side != new_side:
        resize = bicubic_resize_matrix(side, new_side)
        table = np.einsum("yH,xW,FHWD->FyxD", resize, resize, table, optimize=True)
    if frames != new_frames:
        table = np.einsum("TF,FHWD->THWD", linear_resize_matrix(frames, new_frames), table)
    return rearrange(table, "F H W D -> (F H W) D").astype(np.float32)
