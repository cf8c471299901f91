"""What pretraining sees of clips: the teacher's attention, and the patches that it leaves to the student."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange
from jaxtyping import Bool, Float, UInt8

from timesuite_jax.apps.quickstart.internvideo2.runs import Pretrained
from timesuite_jax.data.corpora import Mixture, corpus_shares
from timesuite_jax.internvideo2.data.clip_maker import ClipMaker
from timesuite_jax.internvideo2.masks import draw_mask
from timesuite_jax.models.vision import teacher_features


@dataclasses.dataclass(frozen=True)
class MaskedClip:
    """A clip as pretraining uses it.

    Attributes:
      frames: pixels.
      label: number of its class.
      attention: of the teacher to each patch of each frame.
      visible: patches that the student sees.
    """

    frames: UInt8[np.ndarray, "F H W 3"]
    label: int
    attention: Float[np.ndarray, "F rows columns"]
    visible: Bool[np.ndarray, "F rows columns"]


def masked_clips(pretrained: Pretrained, corpus: Path, numbers: Sequence[int], *, seed: int) -> list[MaskedClip]:
    """Draws masks for some videos of a corpus, as a step of pretraining does.

    Args:
      pretrained: the model.
      corpus: folder.
      numbers: of the records.
      seed: of the masks.
    """
    config = pretrained.task.config
    teacher, student = config.model.teacher, config.model.student
    mixture, make = Mixture(corpus_shares([str(corpus)])), ClipMaker(config.data)
    rng = np.random.default_rng(seed)
    clips = [make(mixture.read(number), rng) for number in numbers]
    frames = np.concatenate([clip.frames for clip in clips])
    features = teacher_features(teacher, pretrained.params["teacher"], teacher.normalise(jnp.asarray(frames)))
    masks = draw_mask(jax.random.key(seed), config.mask, features.attention, student.num_frames)
    attention, visible = (
        rearrange(np.asarray(values), "n (F r c) -> n F r c", F=student.num_frames, r=student.grid)
        for values in (features.attention, masks)
    )
    return [MaskedClip(*one) for one in zip(frames, [clip.label for clip in clips], attention, visible, strict=True)]
