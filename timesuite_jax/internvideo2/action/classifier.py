"""Probabilities of the classes of videos, each from several views of it; a `Predictor` for `run_benchmark`."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange, reduce
from jaxtyping import Array, Float, UInt8

from timesuite_jax import parallel
from timesuite_jax.config_spec import as_json
from timesuite_jax.data.corpora import Record
from timesuite_jax.internvideo2.action.model import ActionModel
from timesuite_jax.internvideo2.data import ClipDataSpec, ViewMaker, ViewSpec
from timesuite_jax.internvideo2.data.clip import Clip
from timesuite_jax.layers import logical_sharding, num_shards
from timesuite_jax.param_tree import Params

_UNUSED = np.random.default_rng(0)  # views are not random


@functools.partial(jax.jit, static_argnums=0)
def view_probabilities(
    model: ActionModel, params: Params, frames: UInt8[Array, "B views F H W 3"]
) -> Float[Array, "B classes"]:
    """The mean over the views of a video of the probabilities of each view."""
    clips = model.spec.vision.normalise(rearrange(frames, "B views F H W c -> (B views) F H W c"))
    logits = cast(Any, model.apply({"params": params}, clips))
    return reduce(jax.nn.softmax(logits.astype(jnp.float32)), "(B views) V -> B V", "mean", B=len(frames))


@dataclasses.dataclass(frozen=True)
class VideoViews:
    """All views of a video, with its label."""

    name: str
    clip: Clip


@dataclasses.dataclass(frozen=True)
class VideoClasses:
    """Probabilities of a video's classes, and its label, -1 without one."""

    name: str
    label: int
    probabilities: Float[np.ndarray, " classes"]


class Classifier:
    """See `timesuite_jax.evaluation.Predictor`; classifies records.

    Args:
      model: the classifier.
      params: its parameters.
      data: how frames are chosen.
      views: of each video.
      num_classes: number of classes that labels may have; None: labels are not needed.
    """

    def __init__(
        self, model: ActionModel, params: Params, data: ClipDataSpec, views: ViewSpec, num_classes: int | None
    ) -> None:
        self._model, self._params = model, params
        self._data, self._views = data, views
        self._make_views = ViewMaker(data, views, num_classes)

    @property
    def settings(self) -> Mapping[str, Any]:
        """How frames are chosen."""
        data = {name: getattr(self._data, name) for name in ("sampling", "num_frames", "image_size", "decode_side")}
        return {**data, "views": as_json(self._views)}

    def prepare(self, prompt: Record) -> VideoViews:
        """Decodes the views of a record; safe to call from several threads.

        Raises:
          UserError: the video cannot be used, or its label is outside the classes.
        """
        return VideoViews(prompt.id, self._make_views(prompt, _UNUSED))

    def predict(self, inputs: Sequence[VideoViews], batch_size: int) -> list[VideoClasses]:
        """Classifies a batch of videos; rows without a video are padding."""
        data, whole = self._data, num_shards("batch") if jax.process_count() == 1 else 1
        rows = -(-batch_size // whole) * whole
        size = (self._views.count, data.num_frames, data.image_size, data.image_size, 3)
        frames = np.zeros((rows, *size), np.uint8)
        for row, views in enumerate(inputs):
            frames[row] = views.clip.frames
        sharding = logical_sharding("batch")
        if sharding is None:
            found = np.asarray(view_probabilities(self._model, self._params, jnp.asarray(frames)))
        else:
            placed = parallel.put_batch({"frames": frames}, sharding)["frames"]
            found = parallel.local_rows(view_probabilities(self._model, self._params, placed), sharding)
        return [VideoClasses(views.name, views.clip.label, row) for views, row in zip(inputs, found, strict=False)]
