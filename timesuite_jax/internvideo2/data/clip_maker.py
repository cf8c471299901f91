"""Makes a training sample of a record: what InternVideo2 brings to a record stream, with `collate`."""

import numpy as np

from timesuite_jax.data.corpora import Record
from timesuite_jax.internvideo2.data.clip import Clip, DecodedClip
from timesuite_jax.internvideo2.data.labels import label_of
from timesuite_jax.internvideo2.data.record_frames import record_frames
from timesuite_jax.internvideo2.data.spec import ClipDataSpec
from timesuite_jax.media.augment import augment
from timesuite_jax.media.frame_rules import frame_rule


class ClipMaker:
    """`CachedMakeSample` of clips: decoded frames are the part that may be the same at every visit.

    Args:
      spec: how records become clips.
      num_classes: number of classes that labels may have; None: any.
    """

    def __init__(self, spec: ClipDataSpec, num_classes: int | None = None) -> None:
        self._spec, self._num_classes = spec, num_classes

    def __call__(self, record: Record, rng: np.random.Generator) -> Clip:
        """Decodes and augments the frames of one visit.

        Raises:
          UserError: the video cannot be used, or its label is outside the classes.
        """
        return self.finish(self.decode(record, rng), rng)

    def prepare(self, record: Record) -> DecodedClip:
        """Decodes the frames, where these are always the same.

        Raises:
          UserError: as `__call__`.
        """
        return self.decode(record, np.random.default_rng(0))  # unused: the rule is deterministic

    def finish(self, prepared: DecodedClip, rng: np.random.Generator) -> Clip:
        """Augments the frames, as often as a visit has clips."""
        spec = self._spec
        clips = [
            augment(prepared.frames, spec.augmentation, spec.image_size, rng, directional=prepared.directional)
            for _ in range(spec.num_sample)
        ]
        return Clip(np.stack(clips), prepared.label)

    def decode(self, record: Record, rng: np.random.Generator) -> DecodedClip:
        """Decodes the frames of one visit.

        Raises:
          UserError: as `__call__`.
        """
        spec, rule = self._spec, frame_rule(self._spec.sampling)
        label = label_of(record, self._num_classes)
        frames = record_frames(
            record,
            lambda count, rate: rule.random(count, spec.num_frames, rate, rng),
            decode_side=spec.decode_side,
            deadline_s=spec.deadline_s,
        )
        return DecodedClip(frames, label, record.directional)
