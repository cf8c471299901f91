"""The config of an MQSA-TED run, except `task` and `training`."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from ml_collections import ConfigDict

from timesuite_jax.config_spec import Config, bounded, build, check_bounds
from timesuite_jax.data.interactions import Interactions
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data import SyntheticInteractionsSpec, make_interactions
from timesuite_jax.port.weights import WeightsSpec
from timesuite_jax.storage.staging import local_copy


@dataclasses.dataclass(frozen=True)
class InteractionsSpec:
    """The interactions to train on and rank: from a file, or random."""

    path: str | None = None  # .npz, see `data.Interactions.load`
    synthetic: SyntheticInteractionsSpec | None = None
    batch_size: int = bounded(256, minimum=1)  # users, over all processes
    evaluation_batch_size: int = bounded(256, minimum=1)
    # Histories are packed into a number of rows that is a multiple of this and of what devices and microbatches
    # require: few shapes, each of which is compiled.
    row_multiple: int = bounded(8, minimum=1)

    def __post_init__(self) -> None:
        """Checks that there is one source of data.

        Raises:
          UserError: if there is none, or two.
        """
        check_bounds(self)
        if (self.path is None) == (self.synthetic is None):
            raise UserError("give one of data.path (an .npz of interactions) and data.synthetic")

    @property
    def source(self) -> str:
        """The name of the data for errors: the path, or the config's key."""
        return self.path or "data.synthetic"

    def read(self) -> Interactions:
        """Returns the interactions.

        Raises:
          UserError: if the file cannot be read.
        """
        return make_interactions(self.synthetic) if self.synthetic else Interactions.load(local_copy(self.path or ""))


@dataclasses.dataclass(frozen=True)
class FeaturesSpec:
    """Feature vectors of items, for items with few or no interactions."""

    path: str | None = None  # .npy [V, F], one row per item
    use: Literal["add", "start"] = "add"  # project and add to the embeddings, or initialize them


@dataclasses.dataclass(frozen=True)
class LossSpec:
    """The terms of the loss; defaults from upstream's `main.py`."""

    negatives: int = bounded(0, minimum=0)  # sampled negatives per target, as in SASRec; 0: all items
    distillation: float = bounded(0.1, minimum=0)  # weight of transition distillation; 0 disables it
    tau: float = bounded(0.1, above=0)  # temperature of teacher and student
    span: int = bounded(1, minimum=1)  # maximum distance of the two items of a transition
    l2: float = bounded(1e-4, minimum=0)
    chunk: int = bounded(128, minimum=1)  # slots whose scores are computed at a time

    def __post_init__(self) -> None:
        """Checks the bounds.

        Raises:
          UserError: naming the field.
        """
        check_bounds(self)


@dataclasses.dataclass(frozen=True)
class MqsaTedConfig:
    """A run; `model` has the fields of `MqsaSpec` except `items` and `features`, which the data determine."""

    data: InteractionsSpec
    model: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    loss: LossSpec = LossSpec()
    features: FeaturesSpec = FeaturesSpec()
    weights: WeightsSpec = dataclasses.field(default_factory=WeightsSpec)

    def __post_init__(self) -> None:
        """Checks that embeddings have one initialization.

        Raises:
          UserError: if weights and features both set them.
        """
        if self.weights.files and self.features.path is not None and self.features.use == "start":
            raise UserError(
                f"weights.files={self.weights.files} and features.path={self.features.path} with features.use=start "
                "both initialize the embeddings; give one of them"
            )

    @classmethod
    def from_config(cls, config: Config) -> "MqsaTedConfig":
        """Reads a run's config.

        Raises:
          UserError: if a key or a value is invalid.
        """
        parts: dict[str, Any] = config.to_dict() if isinstance(config, ConfigDict) else dict(config)
        own = {key: value for key, value in parts.items() if key not in ("task", "training")}
        if "items" in own.get("model", {}):
            raise UserError("model.items is determined by the data; remove it")
        if "features" in own.get("model", {}):
            raise UserError("model.features is determined by the file of vectors; set features.path instead")
        return build(cls, own, "config")
