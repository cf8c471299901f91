"""Action recognition as a task: binds the classifier, its loss, the stream of clips and the accuracy on videos."""

import fnmatch
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax import param_tree
from timesuite_jax.config_spec import Config
from timesuite_jax.data.corpora import Mixture, corpus_shares
from timesuite_jax.errors import UserError
from timesuite_jax.internvideo2.action.config import ActionConfig
from timesuite_jax.internvideo2.action.inference import ActionInference
from timesuite_jax.internvideo2.action.layer_decay import layer_decay_scale
from timesuite_jax.internvideo2.action.loss import action_loss
from timesuite_jax.internvideo2.action.model import initialise
from timesuite_jax.internvideo2.action.port import PORT
from timesuite_jax.internvideo2.data import clip_stream
from timesuite_jax.internvideo2.trained_patterns import check_patterns
from timesuite_jax.layers import unbox
from timesuite_jax.param_tree import ParamPath, Params
from timesuite_jax.port import CheckpointLayer
from timesuite_jax.port.changed_tensors import Change
from timesuite_jax.training import Batch, DataStream, InitialWeights, MetricSums, Task
from timesuite_jax.training.task import LearningRateScale

_STATISTICS = (("down_norm", "mean"), ("down_norm", "var"))


class ActionTask(ActionInference, Task):
    """See `timesuite_jax.training.Task`; evaluation and classification are `ActionInference`'s."""

    name = "internvideo2_action"

    @classmethod
    def from_config(cls, config: Config) -> "ActionTask":
        """The task that a run's config describes.

        Raises:
          UserError: naming what is wrong with the config.
        """
        return cls(ActionConfig.from_config(config))

    def _init(self, rng: PRNGKeyArray) -> dict[str, Any]:
        vision = self.config.model.vision
        frames = jnp.zeros((1, vision.num_frames, vision.image_size, vision.image_size, 3), vision.dtype)
        return dict(self.model.init(rng, frames)["params"])

    def abstract_params(self) -> Params:
        """Shapes, types and logical axes.

        Raises:
          UserError: if a pattern of `config.trained` names no parameter.
        """
        params = jax.eval_shape(self._init, jax.random.key(0))
        check_patterns(self.config.trained, params)
        return params

    def init(self, rng: PRNGKeyArray) -> Params:
        """Fresh parameters."""
        return initialise(unbox(self._init(rng)), self.config.model)

    def initial_weights(self) -> InitialWeights | None:
        """The config's files, with positions and a head that fit the model."""
        weights = self.config.weights

        def load(targets: Params) -> Params:
            return weights.load_changed(PORT, targets, self.tensor_changes)

        return InitialWeights(weights.source, load) if weights.files else None

    def tensor_changes(self, layer: CheckpointLayer) -> Mapping[str, Change]:
        """See `ActionWeightsSpec` and `registry.ChangesTensors`."""
        return self.config.weights.tensor_changes(self.config.model, layer)

    def check_inputs(self, *, new: bool) -> None:
        """Checks that corpora and, for a new run, weights exist."""
        config = self.config
        self.check_files((*config.data.corpora, *config.evaluation.corpora), weights=new)

    def trainable(self, path: ParamPath) -> bool:
        """Whether one of the config's patterns names the parameter, or it is a statistic."""
        return self.is_statistic(path) or any(
            fnmatch.fnmatchcase("/".join(path), pattern) for pattern in self.config.trained
        )

    def is_statistic(self, path: ParamPath) -> bool:
        """Whether the parameter is a running statistic of the head's BatchNorm."""
        return path in _STATISTICS

    def learning_rate_scale(self, path: ParamPath) -> LearningRateScale:
        """That of layer decay."""
        return layer_decay_scale(path, self.config.layer_decay, self.config.model.vision.depth)

    def loss(
        self, trainable: Params, frozen: Params, batch: Mapping[str, Shaped[Array, "B ..."]], rng: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
        """Cross entropy of mixed clips with smoothed labels; its weight is the number of clips."""
        config, params = self.config, param_tree.merge(trainable, frozen)
        frames = config.model.vision.normalise(batch["frames"])
        labels, valid = batch["label"], batch["valid"]
        return action_loss(self.model, config.mixing, config.label_smoothing, params, frames, labels, valid, rng)

    def train_data(self, *, seed: int, process_index: int, process_count: int, row_multiple: int = 1) -> DataStream:
        """The corpora's stream of clips."""
        rows = self.config.data.batch_size * self.config.data.num_sample
        if rows % row_multiple:
            raise UserError(
                f"data.batch_size={self.config.data.batch_size} times data.num_sample={self.config.data.num_sample} is "
                f"not a multiple of {row_multiple}, the devices of the batch axes times training.accumulate; change one"
            )
        return clip_stream(
            self.config.data,
            seed=seed,
            num_classes=self.config.model.num_classes,
            process_index=process_index,
            process_count=process_count,
        )

    def steps_per_epoch(self) -> int:
        """Whole batches of the corpora's records; at least one."""
        data = self.config.data
        return max(1, Mixture(corpus_shares(data.corpora, data.corpus_weights)).visits // data.batch_size)

    def abstract_batch(self, *, row_multiple: int = 1) -> Batch:
        """A batch of clips."""
        data = self.config.data
        rows, size = data.batch_size * data.num_sample, data.image_size
        return {
            "frames": np.broadcast_to(np.uint8(0), (rows, data.num_frames, size, size, 3)),
            "label": np.broadcast_to(np.int32(0), (rows,)),
            "valid": np.broadcast_to(np.bool_(True), (rows,)),
            "sample": np.broadcast_to(np.int32(0), (rows,)),
        }

    def throughput_counts(self, batch: Batch) -> dict[str, float]:
        """Clips, frames and model FLOPs of a step: three times the forward pass, once where the encoder is frozen."""
        rows, frames = batch["frames"].shape[:2]
        passes = 3 if self.trainable(("vision", "blocks", "mlp", "fc1", "kernel")) else 1
        flops = passes * rows * self.config.model.vision.flops
        return {"clips": float(rows), "frames": float(rows * frames), "model_flops": flops}
