"""The MQSA-TED task: binds the recommender, its loss, the stream of histories and the ranking of held-out items."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax import param_tree
from timesuite_jax.config_spec import Config, override
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.job import EvaluationJob, EvaluationRequest
from timesuite_jax.layers import unbox
from timesuite_jax.metrics import RankingScores
from timesuite_jax.mqsa_ted.config import MqsaTedConfig
from timesuite_jax.mqsa_ted.data import (
    ItemFeatures,
    Split,
    UserStream,
    count_transitions,
    read_features,
)
from timesuite_jax.mqsa_ted.evaluate import evaluate_recommendation
from timesuite_jax.mqsa_ted.evaluation_job import ranking_job
from timesuite_jax.mqsa_ted.initial_weights import initial_weights
from timesuite_jax.mqsa_ted.loss import recommendation_loss
from timesuite_jax.mqsa_ted.model import Mqsa, MqsaSpec
from timesuite_jax.mqsa_ted.objectives.transition_distillation import make_teacher
from timesuite_jax.mqsa_ted.recommender import Recommendation, Recommender
from timesuite_jax.param_tree import Params
from timesuite_jax.training import Batch, Call, DataStream, Evaluation, InitialWeights, MetricSums, Task


class MqsaTedTask(Task):
    """See `timesuite_jax.training.Task`."""

    name = "mqsa_ted"

    def __init__(self, config: MqsaTedConfig) -> None:
        """Reads the interactions and item features, which determine sizes of the model, and counts transitions.

        Raises:
          UserError: if a file cannot be read, or the data do not suit the model or the loss.
        """
        self.config = config
        self.data = config.data.read()
        self.item_features = self._read_features() if config.features.use == "add" else None
        width = 0 if self.item_features is None else self.item_features.vectors.shape[1]
        spec = override(MqsaSpec(items=self.data.num_items, features=width), config.model, "model")
        self.model = Mqsa(spec)
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

    @classmethod
    def replace_data(cls, config: Mapping[str, Any], data: Sequence[str]) -> dict[str, Any]:
        """Returns the config with the interactions of another file.

        Raises:
          UserError: if there are several files.
        """
        if len(data) > 1:
            raise UserError(f"--data {' '.join(data)}: a recommender has one set of items; give one file")
        return {**config, "data": {**config.get("data", {}), "path": data[0], "synthetic": None}}

    def check_position(self, position: Mapping[str, Any], source: str) -> None:
        """Checks that items and features are those of the training data.

        Raises:
          UserError: if not.
        """
        items = self.data.item_checksum()
        # Older runs stored no checksums.
        if (trained := position.get("item_checksum", items)) != items:
            raise UserError(
                f"the items of {self.config.data.source} have other names or another order (checksum {items}) than "
                f"those that {source} was trained on ({trained}); give the file that it was trained on"
            )
        if self.item_features is None:
            return
        checksum = self.item_features.checksum
        if (trained := position.get("feature_checksum", checksum)) != checksum:
            raise UserError(
                f"the features in {self.config.features.path} differ (checksum {checksum}) from those that {source} "
                f"was trained with ({trained}); give the file that it was trained with"
            )

    def _read_features(self) -> ItemFeatures | None:
        path = self.config.features.path
        return None if path is None else read_features(Path(path), self.data.num_items)

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

    def abstract_batch(self, *, row_multiple: int = 1) -> Batch:
        """The largest batch: each history has `max_len` items and fills a row."""
        multiple = math.lcm(self.config.data.row_multiple, row_multiple)
        rows = -(-self.config.data.batch_size // multiple) * multiple
        values = np.broadcast_to(np.int32(0), (rows, self.model.spec.max_len))
        return dict.fromkeys(("items", "targets", "positions", "segments"), values)

    def throughput_counts(self, batch: Batch) -> dict[str, float]:
        """Next items of a step, in this process's rows."""
        return {"tokens": float(np.count_nonzero(batch["items"] != self.model.spec.padding))}

    def evaluation_programs(self, params: Params) -> dict[str, Call]:
        """None: a ranking is one product of a batch with the item table."""
        return {}

    def evaluations(self) -> dict[str, Evaluation]:
        """Ranking metrics of the validation and the test items."""
        splits: tuple[Split, ...] = ("validation", "test")
        metric_names = RankingScores(np.zeros(1, np.int32)).summary().keys()  # of any ranks
        return {split: Evaluation(metric_names, functools.partial(self._evaluate, split)) for split in splits}

    def _evaluate(self, split: Split, params: Params) -> dict[str, float]:
        return self.ranking(params, split).summary()

    def ranking(
        self, params: Params, split: Split, on_progress: Callable[[int], None] = lambda users: None
    ) -> RankingScores:
        """Ranks each user's held-out item; calls `on_progress` with the number of users ranked since the last call."""
        return evaluate_recommendation(
            self.model,
            params,
            self.data,
            split,
            batch_size=self.config.data.evaluation_batch_size,
            row_multiple=self.config.data.row_multiple,
            on_progress=on_progress,
        )

    def recommender(self, params: Params) -> Recommender:
        """A recommender of the model with these parameters."""
        return Recommender(self.model, params, self.data, batch_size=self.config.data.evaluation_batch_size)

    def recommend(
        self, params: Params, histories: Sequence[Sequence[str]], *, top: int = 20, seen: bool = False
    ) -> list[Recommendation]:
        """Returns the most likely next items of each history; see `Recommender`."""
        return self.recommender(params)(histories, top=top, seen=seen)

    def evaluation_job(self, request: EvaluationRequest) -> EvaluationJob:
        """Returns the ranking of the held-out items.

        Raises:
          UserError: if an option is set: the protocol has none.
        """
        request.check_supported(self.name)
        return ranking_job(self)
