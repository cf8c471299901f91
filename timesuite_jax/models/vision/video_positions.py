"""Learned position embeddings of InternVideo2: for all tokens of a clip or an image."""

import jax.numpy as jnp
import numpy as np
from einops import rearrange, reduce
from flax import linen as nn
from jaxtyping import Array, Float

from timesuite_jax.models.vision.internvideo2_spec import InternVideo2Spec
from timesuite_jax.models.vision.sincos_positions import sincos_1d, sincos_2d, sincos_3d


class VideoPositions(nn.Module):
    """Position embeddings, initialised to sines and cosines.

    Parameters: `table` [1, N, D] with joint positions, or `spatial` [1, N_frame, D] and `temporal` [1, F, D], which are
    added, with separate ones, and then `cls` [1, 1, D] (whose joint form is the first row of the table); `image`
    [1, 1 + N_frame, D] if images have their own table.
    """

    spec: InternVideo2Spec
    class_token: bool = True

    @nn.compact
    def __call__(self, frames: int) -> Float[Array, "N D"]:
        """Returns the positions of a clip of `spec.num_frames` frames, or of an image (one frame)."""
        spec, cls = self.spec, int(self.class_token)
        if spec.positions == "joint":
            table = self._param("table", sincos_3d(spec.num_frames, spec.grid, spec.width), cls)
        else:
            spatial = self._param("spatial", sincos_2d(spec.grid, spec.width), 0)
            temporal = self._param("temporal", sincos_1d(spec.num_frames, spec.width), 0)
            table = rearrange(temporal[:, None] + spatial[None], "F N D -> (F N) D")
            if cls:
                table = jnp.concatenate([self._param("cls", np.zeros((1, spec.width), np.float32), 0), table])
        # Created for videos, too: parameters do not depend on what the model is initialised with.
        own = self._param("image", sincos_2d(spec.grid, spec.width), cls) if spec.image_positions == "own" else None
        if frames == 1 and own is not None:
            return own
        if frames == spec.num_frames:
            return table
        mean = reduce(table[cls:], "(F N) D -> N D", "mean", F=spec.num_frames)
        return jnp.concatenate([table[:cls], mean])

    def _param(self, name: str, values: Float[np.ndarray, "N D"], empty_rows: int) -> Float[Array, "N_out D"]:
        table = np.concatenate([np.zeros((empty_rows, values.shape[1]), np.float32), values])[None]

        def init(rng: Array, shape: tuple[int, ...], dtype: jnp.dtype) -> Float[Array, "1 N D"]:
            del rng
            return jnp.asarray(table, dtype)

        boxed = nn.with_logical_partitioning(init, (None, None, "embed"))
        return jnp.asarray(self.param(name, boxed, table.shape, jnp.dtype(self.spec.param_dtype)))[0]
