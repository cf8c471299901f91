"""The shapes of a batch without content."""

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.videochat_t.config import VideoChatTConfig


def padding_batch(
    config: VideoChatTConfig, count: int, length: int, text_length: int
) -> dict[str, Shaped[np.ndarray, "B ..."]]:
    """Returns a batch of `count` videos and nothing but padding, whose arrays take no memory (broadcast scalars)."""
    spec, size = config.model, config.model.vision.image_size
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
    if config.data.turns == "independent":
        fields["segments"] = (np.int32(0), row)
    return {name: np.broadcast_to(value, shape) for name, (value, shape) in fields.items()}
