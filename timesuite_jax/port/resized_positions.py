"""Learned position embeddings for another number of frames or another resolution.

As InternVideo2's `run_finetuning.py`: linear in time, then bicubic in space, both as torch's `interpolate` without
antialiasing. The number of frames of a joint table is not stored with it, so that it has to be given.
"""

import math

import numpy as np
from einops import rearrange
from jaxtyping import Float

from timesuite_jax.errors import UserError
from timesuite_jax.layers.positions import bicubic_resize_matrix, linear_resize_matrix


def resize_positions(
    table: Float[np.ndarray, "1 N D"], *, old_frames: int, frames: int, grid: int, class_token: bool = True
) -> Float[np.ndarray, "1 N_out D"]:
    """Interpolates a joint table of positions over time, rows and columns.

    Args:
      table: the position of the class token, if there is one, and those of the patches.
      old_frames: frames of the table.
      frames: frames of the result.
      grid: patches along one side of a frame of the result.
      class_token: whether the first position is the class token's, which stays.

    Raises:
      UserError: if the table does not have that many frames.
    """
    first, patches = table[0, : int(class_token)], table[0, int(class_token) :].astype(np.float64)
    if not is_square(len(patches), old_frames):
        raise UserError(
            f"position embeddings of {len(patches)} patches are not those of {old_frames} square frames; give the "
            "number of frames of the clips that they were trained on"
        )
    old_grid = math.isqrt(len(patches) // old_frames)
    volume = rearrange(patches, "(F H W) D -> F H W D", F=old_frames, H=old_grid)
    if frames != old_frames:
        volume = np.einsum("TF,FHWD->THWD", linear_resize_matrix(old_frames, frames), volume)
    if grid != old_grid:
        resize = bicubic_resize_matrix(old_grid, grid)
        volume = np.einsum("yH,xW,FHWD->FyxD", resize, resize, volume, optimize=True)
    resized = np.concatenate([first, rearrange(volume, "F H W D -> (F H W) D").astype(table.dtype)])
    return resized[None]


def is_square(patches: int, frames: int) -> bool:
    """Whether positions without the class token's are those of `frames` square frames."""
    return frames * math.isqrt(patches // frames) ** 2 == patches
