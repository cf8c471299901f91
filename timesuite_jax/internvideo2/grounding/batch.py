"""Batches of one shape, whatever the lengths of videos and queries.

| field | type and shape | meaning |
|---|---|---|
| `video`, `video_mask` | float32 [B, rows, D], bool [B, rows] | features; no True for a dropped sample |
| `times` | float32 [B, rows, 2] | start and end of each row, fractions of the duration |
| `query`, `query_mask` | float32 [B, words, D_query], bool [B, words] | features |
| `windows`, `windows_mask` | float32 [B, windows, 2], bool [B, windows] | centre and width, fractions of the duration |
| `level` | float32 [B, rows] | of saliency, see `GroundingSample` |
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Shaped

from timesuite_jax.data.corpora.sample import Batch, Dropped
from timesuite_jax.internvideo2.grounding.config import GroundingConfig
from timesuite_jax.internvideo2.grounding.sample import GroundingSample


@dataclasses.dataclass(frozen=True)
class Collate:
    """Stacks samples.

    Attributes:
      config: has the sizes.
    """

    config: GroundingConfig

    def shapes(self, rows: int) -> dict[str, tuple[int, ...]]:
        """The shape of each array, except for masks."""
        data, model = self.config.data, self.config.model
        return {
            "video": (rows, data.max_rows, model.video_width),
            "times": (rows, data.max_rows, 2),
            "query": (rows, data.max_words, model.query_width),
            "windows": (rows, data.max_windows, 2),
            "level": (rows, data.max_rows),
        }

    def abstract(self, rows: int) -> Batch:
        """A batch of zeros that takes no memory."""
        arrays = {name: np.broadcast_to(np.float32(0), shape) for name, shape in self.shapes(rows).items()}
        masks = {f"{name}_mask": np.broadcast_to(np.False_, arrays[name].shape[:2]) for name in _MASKED}
        return {**arrays, **masks}

    def __call__(self, samples: Sequence[GroundingSample | Dropped]) -> Batch:
        """A row for each sample; see `data.corpora.sample.Collate`."""
        shapes = self.shapes(len(samples))
        batch: dict[str, Shaped[np.ndarray, "B ..."]] = {
            name: np.zeros(shape, np.float32) for name, shape in shapes.items()
        }
        batch |= {f"{name}_mask": np.zeros(shapes[name][:2], bool) for name in _MASKED}
        for row, sample in enumerate(samples):
            if isinstance(sample, Dropped):
                continue
            for name in shapes:
                values = getattr(sample, name)
                batch[name][row, : len(values)] = values
                if name in _MASKED:
                    batch[f"{name}_mask"][row, : len(values)] = True
        return batch


_MASKED = ("video", "query", "windows")
