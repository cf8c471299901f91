"""The InternVideo2 encoder as a task without an objective: its weights are read, ported and used, not trained."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from timesuite_jax import config_spec
from timesuite_jax.config_spec import Config
from timesuite_jax.embeddings.video import FeatureEncoder, FeatureRequest
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.encoder.config import EncoderConfig
from timesuite_jax.internvideo2.encoder.features import feature_encoder
from timesuite_jax.internvideo2.encoder.port import PORT
from timesuite_jax.internvideo2.vision_config import read_vision
from timesuite_jax.layers import unbox
from timesuite_jax.models.vision import build_encoder
from timesuite_jax.models.vision.internvideo2_init import rescale_blocks
from timesuite_jax.param_tree import ParamPath, Params
from timesuite_jax.port import CheckpointLayer
from timesuite_jax.port.changed_tensors import Change
from timesuite_jax.training import InitialWeights, Task


class EncoderTask(Task):
    """See `timesuite_jax.training.Task`; of it, what concerns training is refused."""

    name = "internvideo2_encoder"

    def __init__(self, config: EncoderConfig) -> None:
        self.config = config

    @classmethod
    def from_config(cls, config: Config) -> "EncoderTask":
        """The task that a config describes.

        Raises:
          UserError: naming what is wrong with the config.
        """
        return cls(EncoderConfig.from_config(config))

    @classmethod
    def model_config(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """`config["model"]` with every field."""
        return config_spec.as_json(read_vision(config["model"], "model"))

    @classmethod
    def replace_data(cls, config: Mapping[str, Any], data: Sequence[str]) -> dict[str, Any]:
        """Refuses data: an encoder has none of its own.

        Raises:
          UserError: always.
        """
        raise UserError(f"an encoder alone has no data to replace with {', '.join(data)}; give videos to `features`")

    def _init(self, rng: PRNGKeyArray) -> dict[str, Any]:
        spec = self.config.model
        frames = jnp.zeros((1, spec.num_frames, spec.image_size, spec.image_size, 3))
        return dict(build_encoder(spec).init(rng, frames)["params"])

    def abstract_params(self) -> Params:
        """Shapes, types and logical axes."""
        return jax.eval_shape(self._init, jax.random.key(0))

    def init(self, rng: PRNGKeyArray) -> Params:
        """Fresh parameters."""
        params = unbox(self._init(rng))
        return {**params, "blocks": rescale_blocks(params["blocks"])}

    def initial_weights(self) -> InitialWeights | None:
        """The files that the config names."""
        weights = self.config.weights

        def load(targets: Params) -> Params:
            return weights.load_changed(PORT, targets, self.tensor_changes)

        return InitialWeights(weights.source, load) if weights.files else None

    def tensor_changes(self, layer: CheckpointLayer) -> Mapping[str, Change]:
        """Interpolated positions, see `registry.ChangesTensors`."""
        return self.config.weights.resized_positions(layer, self.config.model)

    def check_inputs(self, *, new: bool) -> NoReturn:
        """Refuses to train.

        Raises:
          UserError: always.
        """
        raise UserError(
            "an encoder alone has no objective to train with; train with configs/internvideo2/pretrain_1b.py or "
            "another config of that folder"
        )

    def trainable(self, path: ParamPath) -> bool:
        """No parameter."""
        return False

    def feature_encoder(self, request: FeatureRequest) -> FeatureEncoder:
        """See `registry.ExtractsFeatures`."""
        return feature_encoder(self.config.model, request)
