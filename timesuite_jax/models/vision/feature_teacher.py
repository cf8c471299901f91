"""An InternVideo2 encoder as a teacher of features: the image encoder of InternVL-C, or an encoder of videos.

InternVL-C's 6B encoder (`models/internvl_clip_vision.py` upstream) is InternVideo2's over single frames,
with `num_frames` 1. The patches of all frames are the tokens of a clip then; class tokens and pooled features are means
over its frames. The teachers of distillation encode whole clips.
"""

from typing import NamedTuple

import jax.numpy as jnp
from einops import rearrange, reduce
from jaxtyping import Array, Float

from timesuite_jax.models.vision.internvideo2 import InternVideo2Encoder
from timesuite_jax.models.vision.internvideo2_spec import InternVideo2Spec
from timesuite_jax.param_tree import Params


class TeacherFeatures(NamedTuple):
    """What a student reconstructs, not normalised, and the attention by which its mask is drawn."""

    layers: Float[Array, "L n N_and_1 D"]  # of the class token and of all patches, in the order of the student's
    pooled: Float[Array, "n D_out"]
    attention: Float[Array, "n N"]  # of the pooling to the patches


def teacher_features(spec: InternVideo2Spec, params: Params, frames: Float[Array, "n F H W 3"]) -> TeacherFeatures:
    """Encodes clips of `spec.num_frames` frames, or of any number if that is 1.

    Args:
      spec: of the teacher; its `return_layers` are those of the result.
      params: of its `InternVideo2Encoder`.
      frames: normalised pixels.

    Raises:
      UserError: if the number or the size of the frames differs from the spec.
    """
    count = frames.shape[1]
    single = spec.num_frames == 1
    clips = rearrange(frames, "n F H W c -> (n F) 1 H W c") if single else frames
    _, aux = InternVideo2Encoder(spec).apply({"params": params}, clips)
    layers, pooled, attention = aux["layers"], aux["pooled"], aux["pool_attention"][:, 1:]
    if not single:
        return TeacherFeatures(layers, pooled, attention)
    cls = reduce(layers[:, :, :1].astype(jnp.float32), "L (n F) N D -> L n N D", "mean", F=count)
    patches = rearrange(layers[:, :, 1:], "L (n F) N D -> L n (F N) D", F=count)
    return TeacherFeatures(
        jnp.concatenate([cls.astype(patches.dtype), patches], axis=2),
        reduce(pooled.astype(jnp.float32), "(n F) D -> n D", "mean", F=count),
        rearrange(attention, "(n F) N -> n (F N)", F=count),
    )
