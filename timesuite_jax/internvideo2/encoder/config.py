"""The config of an encoder without an objective."""

import dataclasses
from typing import Any

from ml_collections import ConfigDict

from timesuite_jax.config_spec import Config, build
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.vision_config import read_vision
from timesuite_jax.internvideo2.weights import InternVideo2WeightsSpec
from timesuite_jax.models.vision import InternVideo2Spec


@dataclasses.dataclass(frozen=True)
class EncoderConfig:
    """An encoder and its weights."""

    model: InternVideo2Spec
    weights: InternVideo2WeightsSpec = dataclasses.field(default_factory=InternVideo2WeightsSpec)

    @classmethod
    def from_config(cls, config: Config) -> "EncoderConfig":
        """Reads a config, except for `task` and `training`.

        Raises:
          UserError: if a key or a value is invalid.
        """
        parts: dict[str, Any] = config.to_dict() if isinstance(config, ConfigDict) else dict(config)
        own = {key: value for key, value in parts.items() if key not in ("task", "training")}
        if "model" not in own:
            raise UserError("config.model is missing; see configs/internvideo2/encoder.py for an example")
        return build(cls, {**own, "model": read_vision(own["model"], "model")}, "config")
