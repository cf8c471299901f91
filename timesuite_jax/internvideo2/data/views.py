"""Views of the videos of corpora in evaluation: several clips, several crops of each."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import grain
import numpy as np
from jaxtyping import Int, UInt8

from timesuite_jax.config_spec import bounded, check_bounds
from timesuite_jax.data.corpora import Mixture, Record, corpus_shares
from timesuite_jax.data.corpora.prefetch import Prefetcher
from timesuite_jax.data.corpora.sample_loader import LoadedSample, SampleLoader
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
        most = frame_rule(spec.sampling).views
        if most is not None and views.clips > most:
            raise UserError(
                f"data.sampling={spec.sampling!r} has {most} clip of a video, not views.clips={views.clips}; lower it"
            )
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


class ViewStream:
    """The views of this process's records, in their order: one record after the other, each once.

    Iterating yields a `LoadedSample` for each: `number` of the record, its `name`, and as `sample` a `Clip` of all its
    views, or `Dropped` with the reason.

    Args:
      spec: what is read, and how.
      views: which views.
      num_classes: number of classes that labels may have; None: any.
      process_index: this process, which reads every `process_count`-th record.
      process_count: processes of the run.

    Raises:
      UserError: a corpus cannot be read, or the rule of the clips does not have as many views.
    """

    def __init__(
        self,
        spec: ClipDataSpec,
        views: ViewSpec,
        *,
        num_classes: int | None = None,
        process_index: int = 0,
        process_count: int = 1,
    ) -> None:
        mixture = Mixture(corpus_shares(spec.corpora))
        self.records = len(mixture)  # of all processes
        self._numbers = range(process_index, self.records, process_count)
        load = SampleLoader(mixture, ViewMaker(spec, views, num_classes), seed=0, cache=False)
        visits = grain.MapDataset.source([(number, number) for number in self._numbers]).map(load)
        self._spec, self._visits = spec, visits

    def __len__(self) -> int:
        """Number of records of this process."""
        return len(self._numbers)

    def __iter__(self) -> Iterator[LoadedSample[Clip]]:
        spec = self._spec
        samples = Prefetcher(self._visits, threads=spec.threads, workers=spec.workers, read_ahead=spec.read_ahead)
        try:
            for number in range(len(self)):
                yield from samples.read(number, 1)
        finally:
            samples.close()
