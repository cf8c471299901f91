"""MQSA-TED as a task: binds the recommender, its three losses, users' histories and the ranking of held-out items."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange
from flax import linen as nn
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax import tree
from timesuite_jax.data import Split, UserStream, count_transitions
from timesuite_jax.data.user_stream import NOBODY
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation import Recommender, evaluate_recommendation
from timesuite_jax.metrics import RankingScores
from timesuite_jax.models import Mqsa, MqsaSpec
from timesuite_jax.objectives import half_squared_norm, item_cross_entropy, make_teacher, transition_distillation
from timesuite_jax.specs import Config, override
from timesuite_jax.tasks.mqsa_ted_config import MqsaTedConfig
from timesuite_jax.training import Batch, DataIterator, Import, Params, Sums, streams


class MqsaTedTask:
    """See `timesuite_jax.training.Task`."""

    name = "mqsa_ted"

    def __init__(self, config: MqsaTedConfig) -> None:
        """Reads the data, which say how many items there are, and counts transitions.

        Raises:
          UserError: if the data cannot be read, or do not go with the model.
        """
        self.config = config
        self.data = config.data.read()
        spec = override(MqsaSpec(items=self.data.num_items), config.model, "model")
        self.model = Mqsa(spec)
        self.teacher = None
        if config.loss.distillation:
            transitions = count_transitions(self.data, spec.max_len, config.loss.span)
            if not len(transitions.tail):
                raise UserError(
                    f"no item follows another in the training histories of {config.data.path or 'data.synthetic'} "
                    f"(model.max_len={spec.max_len}), so there is nothing to learn; give longer histories or raise "
                    "model.max_len"
                )
            self.teacher = make_teacher(*transitions, tau=config.loss.tau)

    @classmethod
    def from_config(cls, config: Config) -> "MqsaTedTask":
        """The task that a run's config describes.

        Raises:
          UserError: naming what is wrong with the config.
        """
        return cls(MqsaTedConfig.from_config(config))

    def _init(self, rng: PRNGKeyArray) -> dict[str, Any]:
        return dict(self.model.init(rng, jnp.zeros((1, 1), jnp.int32))["params"])

    def abstract_params(self) -> Params:
        """Shapes, types and logical axes."""
        return jax.eval_shape(self._init, jax.random.key(0))

    def init(self, rng: PRNGKeyArray) -> Params:
        """Fresh parameters."""
        return nn.meta.unbox(self._init(rng))

    def initial_weights(self) -> Import | None:
        """None: upstream has released no weights."""
        return None

    def trainable(self, path: tree.Path) -> bool:
        """All are."""
        return True

    def loss(
        self, trainable: Params, frozen: Params, batch: Mapping[str, Shaped[Array, "B *_"]], rng: PRNGKeyArray
    ) -> tuple[Float[Array, ""], Float[Array, ""], Sums]:
        """Cross entropy of the next items, distillation and L2; the weight is the number of next items.

        There are as many heads to distil as next items, and L2 weighs as the mean over a batch has it.
        """
        values = self.config.loss
        rngs = streams(rng, "dropout")
        read = (batch[name] for name in ("items", "segments", "positions"))
        hidden, aux = cast(Any, self.model.apply({"params": trainable}, *read, deterministic=False, rngs=rngs))
        hidden, heads = (rearrange(vectors, "B S D -> (B S) D") for vectors in (hidden, aux["heads"]))
        items, targets = (rearrange(batch[name], "B S -> (B S)") for name in ("items", "targets"))
        counts = items != self.model.spec.padding
        weight = jnp.sum(counts).astype(jnp.float32)
        table = trainable["item_embedding"]
        next_item = item_cross_entropy(hidden, table, targets, counts, chunk=values.chunk)
        loss = next_item + values.l2 * weight * half_squared_norm(trainable)
        sums = {"next_item": (next_item, weight)}
        if self.teacher is not None:
            distilled = transition_distillation(
                heads, table, items, counts, self.teacher, tau=values.tau, chunk=values.chunk
            )
            loss += values.distillation * distilled
            sums["distillation"] = distilled, weight
        return loss, weight, sums

    def train_data(self, *, seed: int, process_index: int, process_count: int) -> DataIterator:
        """Histories in the original's order, packed."""
        return UserStream(
            self.data,
            self.model.spec.max_len,
            self.config.data.batch_size,
            row_multiple=self.config.data.row_multiple,
            seed=seed,
            process_index=process_index,
            process_count=process_count,
        )

    def data_report(self) -> dict[str, dict[str, Any]]:
        """Nothing is dropped or cut but what lies beyond the longest history."""
        return {}

    def sample_names(self, batch: Batch) -> list[str]:
        """Users by number."""
        return [f"user {user}" for user in np.unique(batch["segments"]) if user != NOBODY]

    def work(self, batch: Batch) -> dict[str, float]:
        """Next items of a step."""
        return {"tokens": float(np.count_nonzero(batch["items"] != self.model.spec.padding))}

    def evaluations(self) -> dict[str, Callable[[Params], dict[str, float]]]:
        """Ranking of the items held out for validation and for testing."""
        splits: tuple[Split, ...] = ("validation", "test")
        return {split: functools.partial(self._figures, split) for split in splits}

    def _figures(self, split: Split, params: Params) -> dict[str, float]:
        return self.ranking(params, split).summary()

    def ranking(self, params: Params, split: Split) -> RankingScores:
        """Where the held-out item of each user stands."""
        values = self.config.data
        size, multiple = values.evaluation_batch_size, values.row_multiple
        return evaluate_recommendation(self.model, params, self.data, split, batch_size=size, row_multiple=multiple)

    def recommender(self, params: Params) -> Recommender:
        """The model with these parameters, ready to recommend."""
        return Recommender(self.model, params, self.data, batch_size=self.config.data.evaluation_batch_size)
