"""Collates samples into a batch of the contract: stacked, padded to the smallest bucket that holds them all.

A dropped sample leaves an empty row: it has nothing to predict, so its weight in the loss is zero. Replacing it by
another sample would shift every later batch, and on one host only.
"""

from collections.abc import Sequence

import numpy as np

from timesuite_jax.data.corpora import Batch, Dropped
from timesuite_jax.text import SpecialIds, shift_right, used_columns
from timesuite_jax.videochat_t.data.budget import smallest_bucket
from timesuite_jax.videochat_t.data.sample import Sample
from timesuite_jax.videochat_t.data.spec import SampleSpec, VideoInputSpec


def collate(
    samples: Sequence[Sample | Dropped],
    spec: SampleSpec,
    video: VideoInputSpec,
    special: SpecialIds,
    *,
    fixed_length: bool,
) -> Batch:
    """Stacks B samples.

    Args:
      samples: B of them.
      spec: of the samples.
      video: sizes of a video's inputs.
      special: ids of the language model's tokenizer.
      fixed_length: always take the largest bucket. Processes of one run must agree on the length without communicating.
    """
    needed = max((s.conversation.length for s in samples if isinstance(s, Sample)), default=min(spec.buckets))
    length = max(spec.buckets) if fixed_length else smallest_bucket(needed, spec.buckets)
    assert length is not None  # every sample was fitted into one of the buckets
    count, clip_text = len(samples), (len(samples), video.clips, spec.clip_text_length)
    batch = {
        "frames": np.empty((count, video.clips, video.clip_frames, video.size, video.size, 3), np.uint8),
        "clip_text": np.zeros(clip_text, np.int32),
        "clip_text_mask": np.zeros(clip_text, bool),
        "tokens": np.full((count, length), special.pad, np.int32),
        "visual_slot": np.full((count, length), -1, np.int32),
        "loss_mask": np.zeros((count, length), bool),
        "valid": np.zeros((count, length), bool),
    }
    if spec.turns == "independent":  # only then, since not every attention kernel supports segments
        batch["segments"] = np.zeros((count, length), np.int32)
    # Of this process's rows, as the original's of one GPU.
    columns = max((used_columns(s.video.clip_text_mask) for s in samples if isinstance(s, Sample)), default=0)
    # The first token of an empty row is valid, so that its attention has a key.
    batch["tokens"][:, 0] = special.bos
    batch["valid"][:, 0] = True
    for row, sample in enumerate(samples):
        if isinstance(sample, Dropped):
            batch["frames"][row] = 0
            continue
        batch["frames"][row] = sample.video.frames
        text, mask = sample.video.clip_text, sample.video.clip_text_mask
        if video.clip_text_padding == "left_per_batch":
            text, mask = shift_right(text, mask, columns)
        batch["clip_text"][row], batch["clip_text_mask"][row] = text, mask
        for name, values in sample.conversation.row._asdict().items():
            if name != "segments" or name in batch:
                batch[name][row] = values[:length]
    return batch
