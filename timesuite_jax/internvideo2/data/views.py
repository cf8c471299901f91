"""Views of the videos of corpora in evaluation: several clips, several crops of each."""

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int, UInt8

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.data.corpora import Record
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.data.clip import Clip
from timesuite_jax.internvideo2.data.labels import label_of
from timesuite_jax.internvideo2.data.record_frames import record_frames
from timesuite_jax.internvideo2.data.spec import ClipDataSpec
from timesuite_jax.media.frame_rules import FrameRule, frame_rule
from timesuite_jax.media.views import long_side_crops


@dataclass(frozen=True, kw_only=True)
class ViewSpec:
    """Views of a video.

    Attributes:
      clips: number of clips, each of other frames.
      crops: number of crops along the long side of each clip.
      place: `test`, the rule's clips of tests; or `middle`, its single clip of validation during training.
    """

    clips: int = bounded(4, minimum=1)
    crops: int = bounded(3, minimum=1)
    place: Literal["test", "middle"] = "test"

    def __post_init__(self) -> None:
        """Checks bounds, and that the middle is one clip.

        Raises:
          UserError: naming the fields.
        """
        check_bounds(self)
        if self.place == "middle" and self.clips != 1:
            raise UserError(f"views.place='middle' is a single clip; set views.clips to 1, not {self.clips}")

    @property
    def count(self) -> int:
        """Number of views of a video."""
        return self.clips * self.crops


def check_views(sampling: str, views: ViewSpec) -> None:
    """Checks that a rule has as many clips of a video as there are views.

    Raises:
      UserError: it has fewer.
    """
    most = frame_rule(sampling).views
    if most is not None and views.clips > most:
        raise UserError(
            f"data.sampling={sampling!r} has {most} clip of a video, not views.clips={views.clips}; set "
            f"evaluation.views.clips={most}, or choose another sampling"
        )


class ViewMaker:
    """Makes all views of a record; clip c and crop k are number c * crops + k.

    Args:
      spec: of the clips; its augmentation has no influence.
      views: which views.
      num_classes: number of classes that labels may have; None: any.

    Raises:
      UserError: the rule of the clips does not have as many views.
    """

    def __init__(self, spec: ClipDataSpec, views: ViewSpec, num_classes: int | None = None) -> None:
        check_views(spec.sampling, views)
        self._spec, self._views, self._num_classes = spec, views, num_classes

    def __call__(self, record: Record, rng: np.random.Generator) -> Clip:
        """Decodes each frame of the views once, and crops it; nothing is drawn.

        Raises:
          UserError: the video cannot be used, or its label is outside the classes.
        """
        spec, views = self._spec, self._views
        label = label_of(record, self._num_classes)
        choose = functools.partial(_choose, frame_rule(spec.sampling), spec.num_frames, views)
        frames = record_frames(record, choose, decode_side=spec.decode_side, deadline_s=spec.deadline_s)
        crops = long_side_crops(frames, spec.image_size, views.crops)
        return Clip(_by_view(crops, views), label)


def _choose(rule: FrameRule, num_frames: int, views: ViewSpec, count: int, rate: float) -> Int[np.ndarray, " T"]:
    if views.place == "middle":
        return rule.middle(count, num_frames, rate)
    clips = [rule.view(count, num_frames, rate, clip, views.clips) for clip in range(views.clips)]
    return np.concatenate(clips)


def _by_view(
    crops: UInt8[np.ndarray, "crops T size size 3"], views: ViewSpec
) -> UInt8[np.ndarray, "views F size size 3"]:
    by_clip = crops.reshape(views.crops, views.clips, -1, *crops.shape[2:]).swapaxes(0, 1)
    return by_clip.reshape(views.count, *by_clip.shape[2:])
