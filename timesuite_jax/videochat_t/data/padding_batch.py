"""The shapes of a batch without content."""

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.videochat_t.model.spec import VideoChatTSpec


def padding_batch(
    spec: VideoChatTSpec, count: int, length: int, text_length: int, *, segments: bool
) -> dict[str, Shaped[np.ndarray, "B ..."]]:
    """Returns a batch of `count` videos and nothing but padding, whose arrays take no memory (broadcast scalars).

    Args:
      spec: of the model.
      count: B.
      length: S.
      text_length: P.
      segments: whether the batch has `segments`, see `data.turns`.
    """
    size = spec.vision.image_size
    row, text = (count, length), (count, spec.clips, text_length)
    fields = {
        "frames": (np.uint8(0), (count, spec.clips, spec.clip_frames, size, size, 3)),
        "clip_text": (np.int32(0), text),
        "clip_text_mask": (np.True_, text),
        "tokens": (np.int32(0), row),
        "visual_slot": (np.int32(-1), row),
        "loss_mask": (np.False_, row),
        "valid": (np.True_, row),
        "sample": (np.int32(0), (count,)),
    }
    if segments:
        fields["segments"] = (np.int32(0), row)
    return {name: np.broadcast_to(value, shape) for name, (value, shape) in fields.items()}
