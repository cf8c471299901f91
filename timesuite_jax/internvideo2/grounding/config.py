"""The config of a grounding head: data, model, loss."""

import dataclasses
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.config_spec import Config, bounded, build, check_bounds
from timesuite_jax.data.corpora.stream import StreamSpec
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.grounding.query_features import HASHED
from timesuite_jax.internvideo2.grounding.set_loss import LossSpec
from timesuite_jax.models.grounding import MomentHeadSpec
from timesuite_jax.port.weights import WeightsSpec


@dataclasses.dataclass(frozen=True, kw_only=True)
class GroundingDataSpec(StreamSpec):
    """Where queries and features are, and the sizes of a batch.

    Attributes:
      train: queries to train on, JSON lines in the form of QVHighlights.
      evaluation: queries to evaluate on; None for no evaluation.
      features: folder of the features of all videos, `<vid>.npz` (or .safetensors, .parquet).
      queries: features of queries: "hashed" words, "minilm" (a sentence encoder, the extra `embeddings`), or a folder.
      max_rows: of the features of a video.
      max_words: of a query; further ones are cut, and counted in training and in evaluation.
      max_windows: of a query in training; of more, some are drawn at each visit, and counted.
      evaluation_batch_size: queries; does not change the predictions.
    """

    train: str | None = None
    evaluation: str | None = None
    features: str
    queries: str = HASHED
    max_rows: int = bounded(75, minimum=1)
    max_words: int = bounded(32, minimum=1)
    max_windows: int = bounded(5, minimum=1)
    evaluation_batch_size: int = bounded(64, minimum=1)


@dataclasses.dataclass(frozen=True)
class GroundingConfig:
    """A run, except for `task` and `training`."""

    data: GroundingDataSpec
    model: MomentHeadSpec
    loss: LossSpec = dataclasses.field(default_factory=LossSpec)
    weights: WeightsSpec = dataclasses.field(default_factory=WeightsSpec)

    def __post_init__(self) -> None:
        """Checks that each window can have a span.

        Raises:
          UserError: naming the fields.
        """
        check_bounds(self.loss)
        if self.data.max_windows > self.model.spans:
            raise UserError(
                f"data.max_windows={self.data.max_windows} is more than model.spans={self.model.spans}, but each "
                "window is matched with a span of its own; change one of them"
            )

    @classmethod
    def from_config(cls, config: Config) -> "GroundingConfig":
        """Reads a run's config.

        Raises:
          UserError: if a key or a value is invalid.
        """
        parts: dict[str, Any] = config.to_dict() if isinstance(config, ConfigDict) else dict(config)
        return build(cls, {key: value for key, value in parts.items() if key not in ("task", "training")}, "config")
