"""MQSA-TED as a task: binds the recommender, its three losses, users' histories and the ranking of held-out items."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange
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
    principal_axes,
    read_features,
)
from timesuite_jax.mqsa_ted.evaluate import evaluate_recommendation
from timesuite_jax.mqsa_ted.evaluation_job import ranking_job
from timesuite_jax.mqsa_ted.model import EMBEDDING_STD, Mqsa, MqsaSpec
from timesuite_jax.mqsa_ted.objectives.cross_entropy import item_cross_entropy
from timesuite_jax.mqsa_ted.objectives.negative_sampling import sampled_cross_entropy
from timesuite_jax.mqsa_ted.objectives.transition_distillation import make_teacher, transition_distillation
from timesuite_jax.mqsa_ted.objectives.weight_penalty import half_squared_norm
from timesuite_jax.mqsa_ted.port_table import PORT
from timesuite_jax.mqsa_ted.recommender import Recommendation, Recommender
from timesuite_jax.param_tree import Params
from timesuite_jax.training import Batch, Call, DataStream, Evaluation, InitialWeights, MetricSums, Task, streams


class MqsaTedTask(Task):
    """See `timesuite_jax.training.Task`."""

    name = "mqsa_ted"

    def __init__(self, config: MqsaTedConfig) -> None:
        """Reads the data, which say how many items there are, and counts transitions.

        Raises:
          UserError: if the data cannot be read, or do not go with the model.
        """
        self.config = config
        self.data = config.data.read()
        self.added = self._read_features() if config.features.use == "add" else None
        width = 0 if self.added is None else self.added.vectors.shape[1]
        spec = override(MqsaSpec(items=self.data.num_items, features=width), config.model, "model")
        self.model = Mqsa(spec)
        if min(np.diff(self.data.start).max(), spec.max_len) < 2:
            raise UserError(
                f"no item follows another in the training histories of {config.data.path or 'data.synthetic'} "
                f"(model.max_len={spec.max_len}), so there is nothing to learn; give longer histories or raise "
                "model.max_len"
            )
        if config.loss.negatives and spec.items < 2:
            raise UserError(
                f"loss.negatives={config.loss.negatives}, but there is one item and none to tell it from; set it to 0"
            )
        self.teacher = None
        if config.loss.distillation:
            transitions = count_transitions(self.data, spec.max_len, config.loss.span)
            self.teacher = make_teacher(*transitions, tau=config.loss.tau)

    @classmethod
    def from_config(cls, config: Config) -> "MqsaTedTask":
        """The task that a run's config describes.

        Raises:
          UserError: naming what is wrong with the config.
        """
        return cls(MqsaTedConfig.from_config(config))

    @classmethod
    def replace_data(cls, config: Mapping[str, Any], data: Sequence[str]) -> dict[str, Any]:
        """The config with the interactions of another file.

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
        # The first runs stored no checksums.
        if (trained := position.get("item_checksum", items)) != items:
            raise UserError(
                f"the items of {self.config.data.path or 'data.synthetic'} have other names or another order (checksum "
                f"{items}) than those that {source} was trained on ({trained}); give the file that it was trained on"
            )
        if self.added and (trained := position.get("feature_checksum", self.added.checksum)) != self.added.checksum:
            raise UserError(
                f"the features in {self.config.features.path} differ (checksum {self.added.checksum}) from those that "
                f"{source} was trained with ({trained}); give the file that it was trained with"
            )

    def _read_features(self) -> ItemFeatures | None:
        path = self.config.features.path
        return None if path is None else read_features(Path(path), self.data.num_items)

    def _init(self, rng: PRNGKeyArray) -> dict[str, Any]:
        return dict(self.model.init(rng, jnp.zeros((1, 1), jnp.int32))["params"])

    def abstract_params(self) -> Params:
        """Shapes, types and logical axes."""
        return jax.eval_shape(self._init, jax.random.key(0))

    def init(self, rng: PRNGKeyArray) -> Params:
        """Fresh parameters."""
        return unbox(self._init(rng))

    def initial_weights(self) -> InitialWeights | None:
        """The files that the config lays, and what follows from the items' features, if they have any."""
        files, given = self.config.weights, self._from_features()
        if not files.files and not given:
            return None

        def load(targets: Params) -> Params:
            params = self._of_these_items(targets) if files.files else {}
            wanted = {name: (targets[name], array) for name, array in given.items()}
            laid: Params = {
                name: jax.make_array_from_callback(array.shape, leaf.sharding, array.__getitem__)
                for name, (leaf, array) in wanted.items()
            }
            if "item_features" in params:
                self._check_features(params["item_features"], laid["item_features"])
            if files.files and self.added is not None:
                # What was trained before has an embedding, too: all items, where the files know no features.
                items = np.arange(self.model.spec.rows)[:, None] < self.model.spec.items
                before = params.get("item_trained", items.astype(np.float32))
                laid["item_trained"] = jnp.maximum(laid["item_trained"], before)
            return {**params, **laid}

        sources = ([files.source] if files.files else []) + ([str(self.config.features.path)] if given else [])
        return InitialWeights(", ".join(sources), load)

    def _from_features(self) -> dict[str, Float[np.ndarray, "rows _"]]:
        """The parameters that the items' features determine, by name."""
        if self.added is not None:
            trained = np.zeros((self.data.num_items, 1), np.float32)
            trained[self.data.items] = 1.0
            given = {"item_features": self.added.vectors, "item_trained": trained}
        elif (features := self._read_features()) is not None:
            axes = principal_axes(features.vectors, self.model.spec.width)
            given = {"item_embedding": axes * np.float32(EMBEDDING_STD / np.sqrt(np.mean(np.square(axes))))}
        else:
            return {}
        # Rows of the tables that stand for no item are zero.
        rows = ((0, self.model.spec.rows - self.data.num_items), (0, 0))
        return {name: np.pad(array, rows) for name, array in given.items()}

    def _check_features(self, known: Float[Array, "rows F"], given: Float[Array, "rows F"]) -> None:
        """What projects features is for those that it was trained with.

        Raises:
          UserError: the files' features are not the config's.
        """
        # Vectors of other items are apart by about 1; half precision, in which weights may be kept, moves them by less.
        apart = float(jnp.max(jnp.abs(known - given) / (1.0 + jnp.abs(given))))
        if not apart <= 0.02:
            raise UserError(
                f"the vectors of {self.config.features.path} differ by up to {apart:.0%} from those that "
                f"{', '.join(self.config.weights.files)} were trained with; give the same vectors"
            )

    def _of_these_items(self, targets: Params) -> Params:
        """The weights, if their items are those of here, by number and by what they are known by.

        Raises:
          UserError: they are not.
        """
        weights = self.config.weights
        if self.added is None and "feature_projection" in weights.tensors(PORT):
            raise UserError(
                f"{weights.source} knows items by their vectors, too; give the file of these as features.path"
            )
        params, spec = weights.load(PORT, targets), self.model.spec
        if bool(jnp.any(params["item_embedding"][spec.items :])):
            raise UserError(
                f"{weights.source} knows more items than the {spec.items} of "
                f"{self.config.data.path or 'data.synthetic'}; give weights of these items"
            )
        return params

    def trainable(self, path: param_tree.ParamPath) -> bool:
        """All are but what items have from outside."""
        return path[0] not in ("item_features", "item_trained")

    def loss(
        self, trainable: Params, frozen: Params, batch: Mapping[str, Shaped[Array, "B ..."]], rng: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
        """Cross entropy of the next items, distillation and L2; the weight is the number of next items.

        There are as many heads to distil as next items, and L2 weighs as the mean over a batch has it.
        """
        values, spec = self.config.loss, self.model.spec
        rngs = streams(rng, "dropout", "negatives")
        read = (batch[name] for name in ("items", "segments", "positions"))
        params = {"params": param_tree.merge(trainable, frozen)}
        hidden, aux = cast(Any, self.model.apply(params, *read, deterministic=False, rngs=rngs))
        hidden, heads = (rearrange(vectors, "B S D -> (B S) D") for vectors in (hidden, aux["heads"]))
        items, targets = (rearrange(batch[name], "B S -> (B S)") for name in ("items", "targets"))
        counts = items != spec.padding
        weight = jnp.sum(counts).astype(jnp.float32)
        table = cast(Array, self.model.apply(params, method="item_table"))
        if values.negatives:
            next_item = sampled_cross_entropy(
                hidden, table, targets, counts, rngs["negatives"], negatives=values.negatives, items=spec.items
            )
        else:
            next_item = item_cross_entropy(hidden, table, targets, counts, chunk=values.chunk, items=spec.items)
        loss = next_item + values.l2 * weight * half_squared_norm(trainable)
        sums = {"next_item": (next_item, weight)}
        if self.teacher is not None:
            distilled = transition_distillation(
                heads, table, items, counts, self.teacher, tau=values.tau, chunk=values.chunk
            )
            loss += values.distillation * distilled
            sums["distillation"] = distilled, weight
        return loss, weight, sums

    def train_data(self, *, seed: int, process_index: int, process_count: int, row_multiple: int = 1) -> DataStream:
        """Histories in the original's order, packed."""
        return UserStream(
            self.data,
            self.model.spec.max_len,
            self.config.data.batch_size,
            row_multiple=math.lcm(self.config.data.row_multiple, row_multiple),
            seed=seed,
            process_index=process_index,
            process_count=process_count,
            checksums={} if self.added is None else {"feature_checksum": self.added.checksum},
        )

    def abstract_batch(self, *, row_multiple: int = 1) -> Batch:
        """As if every history were as long as one may be: each then fills a row."""
        multiple = math.lcm(self.config.data.row_multiple, row_multiple)
        rows = -(-self.config.data.batch_size // multiple) * multiple
        values = np.broadcast_to(np.int32(0), (rows, self.model.spec.max_len))
        return dict.fromkeys(("items", "targets", "positions", "segments"), values)

    def throughput_counts(self, batch: Batch) -> dict[str, float]:
        """Next items of a step."""
        return {"tokens": float(np.count_nonzero(batch["items"] != self.model.spec.padding))}

    def evaluation_programs(self, params: Params) -> dict[str, Call]:
        """None: ranking is one product of a batch with the item table."""
        return {}

    def evaluations(self) -> dict[str, Evaluation]:
        """Ranking of the items held out for validation and for testing."""
        splits: tuple[Split, ...] = ("validation", "test")
        metric_names = RankingScores(np.zeros(1, np.int32)).summary().keys()  # of any ranks
        return {split: Evaluation(metric_names, functools.partial(self._evaluate, split)) for split in splits}

    def _evaluate(self, split: Split, params: Params) -> dict[str, float]:
        return self.ranking(params, split).summary()

    def ranking(
        self, params: Params, split: Split, on_progress: Callable[[int], None] = lambda users: None
    ) -> RankingScores:
        """Where the held-out item of each user stands; `on_progress` is told how many more users were asked."""
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
        """The model with these parameters, ready to recommend."""
        return Recommender(self.model, params, self.data, batch_size=self.config.data.evaluation_batch_size)

    def recommend(
        self, params: Params, histories: Sequence[Sequence[str]], *, top: int = 20, seen: bool = False
    ) -> list[Recommendation]:
        """Items that are likely to come next; see `Recommender`."""
        return self.recommender(params)(histories, top=top, seen=seen)

    def evaluation_job(self, request: EvaluationRequest) -> EvaluationJob:
        """Ranking of the held-out items.

        Raises:
          UserError: if any option is set: the protocol has none.
        """
        request.check_supported(self.name)
        return ranking_job(self)
