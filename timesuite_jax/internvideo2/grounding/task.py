"""The grounding task: a moment head on extracted features, trained and scored on queries like QVHighlights'."""

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax.config_spec import Config
from timesuite_jax.internvideo2.grounding.config import GroundingConfig
from timesuite_jax.internvideo2.grounding.inference import GroundingInference
from timesuite_jax.internvideo2.grounding.inputs import check_inputs
from timesuite_jax.internvideo2.grounding.objective import INPUTS, grounding_loss
from timesuite_jax.internvideo2.grounding.port import PORT
from timesuite_jax.internvideo2.grounding.stream import training_queries, training_stream
from timesuite_jax.layers import unbox
from timesuite_jax.param_tree import ParamPath, Params, merge
from timesuite_jax.training import Batch, DataStream, InitialWeights, MetricSums, Task


class GroundingTask(GroundingInference, Task):
    """See `timesuite_jax.training.Task`; predictions and scores are `GroundingInference`'s."""

    @classmethod
    def from_config(cls, config: Config) -> "GroundingTask":
        """The task that a config describes.

        Raises:
          UserError: naming what is wrong with the config.
        """
        return cls(GroundingConfig.from_config(config))

    def _init(self, rng: PRNGKeyArray) -> dict[str, Any]:
        batch = self.collate.abstract(1)
        return dict(self.model.init(rng, *(jnp.asarray(batch[name]) for name in INPUTS))["params"])

    def abstract_params(self) -> Params:
        """Shapes, types and logical axes."""
        return jax.eval_shape(self._init, jax.random.key(0))

    def init(self, rng: PRNGKeyArray) -> Params:
        """Fresh parameters."""
        return unbox(self._init(rng))

    def initial_weights(self) -> InitialWeights | None:
        """The files that the config names."""
        weights = self.config.weights
        return InitialWeights(weights.source, functools.partial(weights.load, PORT)) if weights.files else None

    def check_inputs(self, *, new: bool) -> None:
        """Checks queries, features and weights."""
        check_inputs(self.config, train=True, weights=new)

    def trainable(self, path: ParamPath) -> bool:
        """Every parameter."""
        return True

    def loss(
        self, trainable: Params, frozen: Params, batch: Mapping[str, Shaped[Array, "B ..."]], rng: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
        """Losses of spans and saliency; the weight is the number of queries."""
        return grounding_loss(self.model, self.config.loss, merge(trainable, frozen), batch, rng)

    def train_data(self, *, seed: int, process_index: int, process_count: int, row_multiple: int = 1) -> DataStream:
        """Batches of queries, of `data.batch_size` whatever `row_multiple` is."""
        return training_stream(self.config, seed=seed, process_index=process_index, process_count=process_count)

    def steps_per_epoch(self) -> int:
        """Batches of all queries, rounded up."""
        return -(-len(training_queries(self.config)) // self.config.data.batch_size)

    def abstract_batch(self, *, row_multiple: int = 1) -> Batch:
        """A batch; all have one shape."""
        return self.collate.abstract(self.config.data.batch_size)

    def throughput_counts(self, batch: Batch) -> dict[str, float]:
        """Queries."""
        return {"queries": float(batch["video_mask"].any(axis=1).sum())}
