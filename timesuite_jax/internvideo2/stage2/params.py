"""Parameters of a model of stage 2, as a part of the task that trains them."""

import fnmatch
import functools
from collections.abc import Mapping
from typing import Any, Self

import jax
from jaxtyping import PRNGKeyArray

from timesuite_jax.config_spec import Config, as_json
from timesuite_jax.embeddings.video import FeatureEncoder, FeatureRequest
from timesuite_jax.internvideo2.encoder.features import feature_encoder
from timesuite_jax.internvideo2.stage2.config import VideoTextConfig
from timesuite_jax.internvideo2.stage2.initial import TEACHER, boxed_params, rescaled
from timesuite_jax.internvideo2.stage2.port import PORT
from timesuite_jax.internvideo2.stage2.spec import model_spec
from timesuite_jax.internvideo2.trained_patterns import check_patterns
from timesuite_jax.layers import unbox
from timesuite_jax.param_tree import ParamPath, Params
from timesuite_jax.port import CheckpointLayer
from timesuite_jax.port.changed_tensors import Change
from timesuite_jax.training import Call, Evaluation, InitialWeights

_DECODERS = ("clip_positions", "decoders", "pooled_decoder")  # of a teacher's features


class VideoTextParams:
    """See `timesuite_jax.training.Task`. The teacher is frozen: it has no gradient and no optimizer state."""

    def __init__(self, config: VideoTextConfig) -> None:
        self.config = config

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """The task that a run's config describes.

        Raises:
          UserError: naming what is wrong with the config.
        """
        return cls(VideoTextConfig.from_config(config))

    @classmethod
    def model_config(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Every field of the model that a config describes."""
        return as_json(model_spec(config.get("model", {})))

    def abstract_params(self) -> Params:
        """Shapes, types and logical axes.

        Raises:
          UserError: if a pattern of `config.trained` names no parameter.
        """
        params = jax.eval_shape(functools.partial(boxed_params, self.config.model), jax.random.key(0))
        check_patterns(self.config.trained, params)
        return params

    def init(self, rng: PRNGKeyArray) -> Params:
        """Fresh parameters."""
        return rescaled(unbox(boxed_params(self.config.model, rng)))

    def initial_weights(self) -> InitialWeights | None:
        """The config's files."""
        weights = self.config.weights

        def load(targets: Params) -> Params:
            return weights.load_changed(PORT, targets, self.tensor_changes)

        return InitialWeights(weights.source, load) if weights.files else None

    def tensor_changes(self, layer: CheckpointLayer) -> Mapping[str, Change]:
        """See `VideoTextWeightsSpec` and `registry.ChangesTensors`."""
        return self.config.weights.tensor_changes(self.config.model, layer)

    def trainable(self, path: ParamPath) -> bool:
        """Whether one of the config's patterns names the parameter; see `VideoTextConfig.trained`."""
        if path[0] == TEACHER or (path[1:2] and path[1] in _DECODERS and not self.config.loss.of_teacher):
            return False
        return any(fnmatch.fnmatchcase("/".join(path), pattern) for pattern in self.config.trained)

    def feature_encoder(self, request: FeatureRequest) -> FeatureEncoder:
        """The video encoder's part in extracting features, see `registry.ExtractsFeatures`."""
        return feature_encoder(self.config.model.vision, request, lambda params: params["vision"]["encoder"])

    def evaluation_programs(self, params: Params) -> dict[str, Call]:
        """None."""
        return {}

    def evaluations(self) -> dict[str, Evaluation]:
        """None."""
        return {}
