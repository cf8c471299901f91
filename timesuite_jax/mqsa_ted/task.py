"""The MQSA-TED task: binds the recommender, its loss, the stream of histories and the ranking of held-out items."""

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from etils import epath
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax import param_tree
from timesuite_jax.config_spec import Config
from timesuite_jax.errors import UserError
from timesuite_jax.layers import unbox
from timesuite_jax.mqsa_ted.config import MqsaTedConfig
from timesuite_jax.mqsa_ted.data import UserStream, count_transitions
from timesuite_jax.mqsa_ted.inference import MqsaTedInference
from timesuite_jax.mqsa_ted.initial_weights import initial_weights
from timesuite_jax.mqsa_ted.loss import recommendation_loss
from timesuite_jax.mqsa_ted.objectives.transition_distillation import make_teacher
from timesuite_jax.param_tree import Params
from timesuite_jax.storage.remote_path import to_path
from timesuite_jax.training import Batch, DataStream, InitialWeights, MetricSums, Task


class MqsaTedTask(MqsaTedInference, Task):
    """See `timesuite_jax.training.Task`; ranking and recommending are `MqsaTedInference`'s."""

    name = "mqsa_ted"

    def __init__(self, config: MqsaTedConfig) -> None:
        """Counts transitions for the distillation, beside what `MqsaTedInference` does.

        Raises:
          UserError: if a file cannot be read, or the data do not suit the model or the loss.
        """
        super().__init__(config)
        spec = self.model.spec
        if min(np.diff(self.data.start).max(), spec.max_len) < 2:
            raise UserError(
                f"the training histories of {config.data.source} contain no pair of successive items "
                f"(model.max_len={spec.max_len}) to learn from; give longer histories or raise model.max_len"
            )
        if config.loss.negatives and spec.items < 2:
            raise UserError(f"loss.negatives={config.loss.negatives}, but the only item has no negatives; set it to 0")
        self.teacher = None
        if config.loss.distillation:
            transitions = count_transitions(self.data, spec.max_len, config.loss.span)
            self.teacher = make_teacher(*transitions, tau=config.loss.tau)

    @classmethod
    def from_config(cls, config: Config) -> "MqsaTedTask":
        """Builds the task of a run's config.

        Raises:
          UserError: if a key or a value is invalid.
        """
        return cls(MqsaTedConfig.from_config(config))

    def _init(self, rng: PRNGKeyArray) -> dict[str, Any]:
        return dict(self.model.init(rng, jnp.zeros((1, 1), jnp.int32))["params"])

    def abstract_params(self) -> Params:
        """Shapes, dtypes and logical axes of all parameters."""
        return jax.eval_shape(self._init, jax.random.key(0))

    def init(self, rng: PRNGKeyArray) -> Params:
        """Randomly initialized parameters."""
        return unbox(self._init(rng))

    def initial_weights(self) -> InitialWeights | None:
        """The config's weight files and the parameters that item features determine, None without either."""
        # Features that only initialize the embeddings are read here, so that a trained model does not need the file.
        features = self._read_features() if self.item_features is None else self.item_features
        return initial_weights(self.config, self.model.spec, self.data, features)

    def run_files(self) -> dict[str, tuple[epath.Path, ...]]:
        """The interactions, and the item features that the model reads."""
        data, features = self.config.data, self.config.features
        files = {"data.path": data.path, "features.path": features.path if features.use == "add" else None}
        return {key: (to_path(path),) for key, path in files.items() if path is not None}

    def trainable(self, path: param_tree.ParamPath) -> bool:
        """Whether a parameter is trained: all but item features and the mask of trained items."""
        return path[0] not in ("item_features", "item_trained")

    def loss(
        self, trainable: Params, frozen: Params, batch: Mapping[str, Shaped[Array, "B ..."]], rng: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
        """Cross-entropy of next items, distillation and L2; the weight is the number of next items."""
        return recommendation_loss(self.model, self.config.loss, self.teacher, trainable, frozen, batch, rng)

    def train_data(self, *, seed: int, process_index: int, process_count: int, row_multiple: int = 1) -> DataStream:
        """Packed histories in upstream's order."""
        return UserStream(
            self.data,
            self.model.spec.max_len,
            self.config.data.batch_size,
            row_multiple=math.lcm(self.config.data.row_multiple, row_multiple),
            seed=seed,
            process_index=process_index,
            process_count=process_count,
            checksums={} if self.item_features is None else {"feature_checksum": self.item_features.checksum},
        )

    def steps_per_epoch(self) -> int:
        """Batches of all users; the last one is smaller."""
        return -(-self.data.num_users // self.config.data.batch_size)

    def abstract_batch(self, *, row_multiple: int = 1) -> Batch:
        """The largest batch: each history has `max_len` items and fills a row."""
        multiple = math.lcm(self.config.data.row_multiple, row_multiple)
        rows = -(-self.config.data.batch_size // multiple) * multiple
        values = np.broadcast_to(np.int32(0), (rows, self.model.spec.max_len))
        return dict.fromkeys(("items", "targets", "positions", "segments"), values)

    def throughput_counts(self, batch: Batch) -> dict[str, float]:
        """Next items of a step, in this process's rows."""
        return {"tokens": float(np.count_nonzero(batch["items"] != self.model.spec.padding))}
