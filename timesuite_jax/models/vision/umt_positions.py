"""Position tables of the UMT encoder: sinusoids, stretched in time and resized in space as upstream does."""

import functools

import numpy as np
from jaxtyping import Float32

from timesuite_jax.models.vision.resized_sinusoids import resized_sinusoids
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
    return resized_sinusoids(spec.width, (table_frames, side), (frames, spec.grid))
