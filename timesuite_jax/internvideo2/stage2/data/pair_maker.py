"""Makes pairs of a clip and a caption of records."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, UInt8

from timesuite_jax.data.corpora import Batch, Dropped, Record
from timesuite_jax.internvideo2.data.clip import DecodedClip
from timesuite_jax.internvideo2.data.clip_maker import ClipMaker
from timesuite_jax.internvideo2.stage2.data.captions import CaptionTokens, captions_of
from timesuite_jax.internvideo2.stage2.data.spec import VideoTextDataSpec

_ID_BYTES = 8  # two int32: in a batch of 16,384, two contents have the same identifier once in 10^11 batches


@dataclass(frozen=True)
class Pair:
    """A clip with a caption.

    Attributes:
      frames: not normalised.
      text: token ids.
      text_mask: False at padding.
      content: identifier of what the clip shows; pairs with the same one are no negatives of each other.
    """

    frames: UInt8[np.ndarray, "F size size 3"]
    text: Int[np.ndarray, " P"]
    text_mask: Bool[np.ndarray, " P"]
    content: Int[np.ndarray, "2"]

    @property
    def cuts(self) -> tuple[str, ...]:
        """Nothing that is reported is cut."""
        return ()


@dataclass(frozen=True)
class DecodedPair:
    """Frames of a record, as they were decoded, with all its captions."""

    clip: DecodedClip
    captions: tuple[str, ...]
    content: Int[np.ndarray, "2"]


class PairMaker:
    """`CachedMakeSample` of pairs.

    Args:
      spec: how records become clips.
      tokens: of captions.
      classes: see `captions_of`.
    """

    def __init__(
        self, spec: VideoTextDataSpec, tokens: CaptionTokens, classes: Mapping[str, Sequence[str]] | None
    ) -> None:
        self._clips, self._tokens, self._classes = ClipMaker(spec), tokens, classes

    def __call__(self, record: Record, rng: np.random.Generator) -> Pair:
        """Decodes and augments the frames of one visit, and draws a caption.

        Raises:
          UserError: the video cannot be used, or the record has no caption.
        """
        return self.finish(DecodedPair(self._clips.decode(record, rng), *self._described(record)), rng)

    def prepare(self, record: Record) -> DecodedPair:
        """Decodes the frames, where these are always the same.

        Raises:
          UserError: as `__call__`.
        """
        return DecodedPair(self._clips.prepare(record), *self._described(record))

    def finish(self, prepared: DecodedPair, rng: np.random.Generator) -> Pair:
        """Augments the frames, and draws a caption."""
        caption = prepared.captions[rng.integers(len(prepared.captions))]
        text, mask = self._tokens([caption])
        return Pair(self._clips.finish(prepared.clip, rng).frames[0], text[0], mask[0], prepared.content)

    def _described(self, record: Record) -> tuple[tuple[str, ...], Int[np.ndarray, "2"]]:
        captions = tuple(captions_of(record, self._classes))
        # Videos of one class have the same caption, which is right for each of them.
        shown = captions[0] if self._classes is not None else f"{record.source_checksum or record.id} {record.clip}"
        return captions, np.frombuffer(hashlib.blake2b(shown.encode(), digest_size=_ID_BYTES).digest(), np.int32)


def collate(samples: Sequence[Pair | Dropped], spec: VideoTextDataSpec) -> Batch:
    """Stacks pairs.

    Args:
      samples: one for each visit.
      spec: of the clips.

    Returns:
      "frames": uint8 [B, F, H, W, 3]; "text": int32 [B, P] and "text_mask": bool [B, P]; "content": int32 [B, 2];
      "valid": bool [B], False for rows of dropped samples, which must have no weight in a loss.
    """
    rows, size = len(samples), spec.image_size
    batch = {
        "frames": np.zeros((rows, spec.num_frames, size, size, 3), np.uint8),
        "text": np.zeros((rows, spec.max_tokens), np.int32),
        "text_mask": np.zeros((rows, spec.max_tokens), bool),
        "content": np.zeros((rows, 2), np.int32),
        "valid": np.zeros(rows, bool),
    }
    for row, sample in enumerate(samples):
        if isinstance(sample, Pair):
            for name in ("frames", "text", "text_mask", "content"):
                batch[name][row] = getattr(sample, name)
            batch["valid"][row] = True
    return batch
