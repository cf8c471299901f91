"""What a config says about an MQSA-TED run, apart from the training loop's own part."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ml_collections import ConfigDict

from timesuite_jax.config_spec import Config, bounded, build
from timesuite_jax.errors import UserError
from timesuite_jax.mqsa_ted.data import Interactions, SyntheticInteractionsSpec, make_interactions
from timesuite_jax.port.weights import WeightsSpec


@dataclasses.dataclass(frozen=True)
class InteractionsSpec:
    """What is trained on and ranked: the interactions of a file, or random ones."""

    path: str | None = None  # an .npz as `data.Interactions.load` reads it
    synthetic: SyntheticInteractionsSpec | None = None
    batch_size: int = bounded(256, minimum=1)  # users, of all processes together
    evaluation_batch_size: int = bounded(256, minimum=1)
    # Histories are packed into rows; their number is a multiple of this, and of what devices and microbatches ask for:
    # few shapes, each of which is compiled.
    row_multiple: int = bounded(8, minimum=1)

    def __post_init__(self) -> None:
        """Refuses no data, data of two kinds, and batches of nobody.

        Raises:
          UserError: naming the field.
        """
        if (self.path is None) == (self.synthetic is None):
            raise UserError("give one of data.path (an .npz of interactions) and data.synthetic")

    def read(self) -> Interactions:
        """The interactions.

        Raises:
          UserError: if the file cannot be read.
        """
        return make_interactions(self.synthetic) if self.synthetic else Interactions.load(Path(self.path or ""))


@dataclasses.dataclass(frozen=True)
class FeaturesSpec:
    """Vectors of the items from outside, for items that few or none have taken yet."""

    path: str | None = None  # an .npy [V, F], a row an item
    use: Literal["add", "start"] = "add"  # projected and added to the embeddings, or what the embeddings start from


@dataclasses.dataclass(frozen=True)
class LossSpec:
    """The parts of the loss; the defaults are those of upstream's `main.py`."""

    negatives: int = bounded(0, minimum=0)  # sampled negatives of the next item, as in SASRec; 0: all items
    distillation: float = bounded(0.1, minimum=0)  # weight of TED; 0 leaves it out
    tau: float = bounded(0.1, above=0)  # temperature of teacher and student
    span: int = bounded(1, minimum=1)  # how far apart two items count as a transition
    l2: float = bounded(1e-4, minimum=0)
    chunk: int = bounded(128, minimum=1)  # slots whose scores of all items exist at one time


@dataclasses.dataclass(frozen=True)
class MqsaTedConfig:
    """A run; `model` has the fields of `MqsaSpec` but for the sizes of data: `items` and `features`."""

    data: InteractionsSpec
    model: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    loss: LossSpec = LossSpec()
    features: FeaturesSpec = FeaturesSpec()
    weights: WeightsSpec = dataclasses.field(default_factory=WeightsSpec)

    def __post_init__(self) -> None:
        """Refuses two things to start from.

        Raises:
          UserError: naming them.
        """
        if self.weights.files and self.features.path is not None and self.features.use == "start":
            raise UserError(
                f"weights.files={self.weights.files} and features.path={self.features.path} with features.use=start "
                "both say what the embeddings start from; give one of them"
            )

    @classmethod
    def from_config(cls, config: Config) -> "MqsaTedConfig":
        """Reads a run's config.

        Raises:
          UserError: naming what is wrong with it.
        """
        parts: dict[str, Any] = config.to_dict() if isinstance(config, ConfigDict) else dict(config)
        own = {key: value for key, value in parts.items() if key not in ("task", "training")}
        if "items" in own.get("model", {}):
            raise UserError("model.items is the data's to say; remove it")
        if "features" in own.get("model", {}):
            raise UserError("model.features is for the vectors' file to say; give that as features.path")
        return build(cls, own, "config")
