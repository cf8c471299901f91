"""Samples to a batch of the contract: stacked, padded to the smallest bucket that holds them all.

A sample that was dropped leaves an empty row: nothing to predict, so it weighs nothing in the loss. Another sample in
its place would shift every later batch, and on one host only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.videochat_t.data.budget import smallest_bucket
from timesuite_jax.videochat_t.data.processor import SampleSpec, TokenizedConversation, VideoInputs


@dataclass(frozen=True)
class Sample:
    """A sample on its way into a batch; `visual` and `words` are None if it was dropped, for `reason`."""

    record: int
    name: str
    visual: VideoInputs | None
    words: TokenizedConversation | None
    reason: str = ""


Batch = dict[str, Shaped[np.ndarray, "B ..."]]


def collate(samples: Sequence[Sample], spec: SampleSpec, special: tuple[int, int], *, fixed_length: bool) -> Batch:
    """Stacks samples.

    Args:
      samples: B of them.
      spec: of the samples.
      special: ids of the beginning and the padding token.
      fixed_length: take the largest bucket always. Processes of one run must agree on the length without talking.
    """
    words = [sample.words for sample in samples if sample.words is not None]
    needed = max((word.length for word in words), default=min(spec.buckets))
    length = max(spec.buckets) if fixed_length else smallest_bucket(needed, spec.buckets)
    assert length is not None  # every sample was fitted into one of the buckets
    count, clips = len(samples), (spec.clips, spec.clip_text_length)
    bos, pad = special
    batch = {
        "frames": np.empty((count, spec.clips, spec.clip_frames, spec.size, spec.size, 3), np.uint8),
        "clip_text": np.zeros((count, *clips), np.int32),
        "clip_text_mask": np.zeros((count, *clips), bool),
        "tokens": np.full((count, length), pad, np.int32),
        "visual_slot": np.full((count, length), -1, np.int32),
        "loss_mask": np.zeros((count, length), bool),
        "valid": np.zeros((count, length), bool),
        "sample": np.asarray([sample.record for sample in samples], np.int32),
    }
    if spec.turns == "independent":  # only then, since not every kernel of attention knows segments
        batch["segments"] = np.zeros((count, length), np.int32)
    # The first token of an empty row is valid, so that attention has something to look at.
    batch["tokens"][:, 0] = bos
    batch["valid"][:, 0] = True
    for row, sample in enumerate(samples):
        if sample.visual is None or sample.words is None:
            batch["frames"][row] = 0
            continue
        batch["frames"][row] = sample.visual.frames
        batch["clip_text"][row] = sample.visual.clip_text
        batch["clip_text_mask"][row] = sample.visual.clip_text_mask
        for name, values in sample.words.row._asdict().items():
            if name != "segments" or name in batch:
                batch[name][row] = values[:length]
    return batch
