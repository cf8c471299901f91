"""Parameters of a student and its teachers, as a part of the task that trains them."""

import functools
from collections.abc import Mapping
from typing import Any, Self

import jax
from jaxtyping import PRNGKeyArray

from timesuite_jax.config_spec import Config, as_json
from timesuite_jax.embeddings.video import FeatureEncoder, FeatureRequest
from timesuite_jax.internvideo2.encoder.features import feature_encoder
from timesuite_jax.internvideo2.model import boxed_params, model_spec, rescaled
from timesuite_jax.internvideo2.reconstruction.config import ReconstructionConfig
from timesuite_jax.layers import unbox
from timesuite_jax.param_tree import ParamPath, Params
from timesuite_jax.port import CheckpointLayer, ModelPort
from timesuite_jax.port.changed_tensors import Change
from timesuite_jax.training import Call, Evaluation, InitialWeights


class ReconstructionParams:
    """See `timesuite_jax.training.Task`. Teachers are frozen: they have no gradient and no optimizer state."""

    port: ModelPort

    def __init__(self, config: ReconstructionConfig) -> None:
        self.config = config

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """The task that a run's config describes.

        Raises:
          UserError: naming what is wrong with the config.
        """
        return cls(ReconstructionConfig.from_config(config))

    @classmethod
    def model_config(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Every field of the model that a config describes."""
        return as_json(model_spec(config.get("model", {})))

    def abstract_params(self) -> Params:
        """Shapes, types and logical axes."""
        return jax.eval_shape(functools.partial(boxed_params, self.config.model), jax.random.key(0))

    def init(self, rng: PRNGKeyArray) -> Params:
        """Fresh parameters."""
        return rescaled(unbox(boxed_params(self.config.model, rng)))

    def initial_weights(self) -> InitialWeights | None:
        """The config's files: teachers, and the student if it is not new."""
        weights = self.config.weights

        def load(targets: Params) -> Params:
            return weights.load_changed(self.port, targets, self.tensor_changes)

        return InitialWeights(weights.source, load) if weights.files else None

    def tensor_changes(self, layer: CheckpointLayer) -> Mapping[str, Change]:
        """See `ReconstructionWeightsSpec` and `registry.ChangesTensors`."""
        return self.config.weights.tensor_changes(self.config.model, layer)

    def trainable(self, path: ParamPath) -> bool:
        """Whether a parameter is the student's."""
        return path[0] == "student"

    def feature_encoder(self, request: FeatureRequest) -> FeatureEncoder:
        """The student's part in extracting features, see `registry.ExtractsFeatures`."""
        return feature_encoder(self.config.model.student, request, lambda params: params["student"]["encoder"])

    def evaluation_programs(self, params: Params) -> dict[str, Call]:
        """None."""
        return {}

    def evaluations(self) -> dict[str, Evaluation]:
        """None: features are evaluated by what is trained on them."""
        return {}
