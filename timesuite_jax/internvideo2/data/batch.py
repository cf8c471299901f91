"""Collates clips into a batch; a dropped sample leaves empty rows, which are marked as invalid."""

from collections.abc import Sequence

import numpy as np

from timesuite_jax.data.corpora import Batch, Dropped
from timesuite_jax.internvideo2.data.clip import UNLABELLED, Clip
from timesuite_jax.internvideo2.data.spec import ClipDataSpec


def collate(samples: Sequence[Clip | Dropped], spec: ClipDataSpec) -> Batch:
    """Stacks the clips of some samples, those of one sample one after the other.

    Args:
      samples: one for each visit.
      spec: of the clips.

    Returns:
      "frames": uint8 [B, F, H, W, 3]; "label": int32 [B], -1 without one; "valid": bool [B], False for rows of dropped
      samples, which must have no weight in a loss. B is `num_sample` times the number of samples.
    """
    repeats = spec.num_sample
    rows = len(samples) * repeats
    frames = np.zeros((rows, spec.num_frames, spec.image_size, spec.image_size, 3), np.uint8)
    label, valid = np.full(rows, UNLABELLED, np.int32), np.zeros(rows, bool)
    for number, sample in enumerate(samples):
        if isinstance(sample, Clip):
            own = slice(number * repeats, (number + 1) * repeats)
            frames[own], label[own], valid[own] = sample.frames, sample.label, True
    return {"frames": frames, "label": label, "valid": valid}
