"""What a trained recommender does: ranks held-out items and recommends new ones."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from timesuite_jax.config_spec import as_json, build, override
from timesuite_jax.data.interactions import NameIndex
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.job import EvaluationJob, EvaluationRequest
from timesuite_jax.metrics import RankingScores
from timesuite_jax.mqsa_ted.config import MqsaTedConfig
from timesuite_jax.mqsa_ted.data import ItemFeatures, Split, read_features
from timesuite_jax.mqsa_ted.evaluate import evaluate_recommendation
from timesuite_jax.mqsa_ted.evaluation_job import ranking_job
from timesuite_jax.mqsa_ted.model import Mqsa, MqsaSpec
from timesuite_jax.mqsa_ted.recommender import History, Recommendation, Recommender
from timesuite_jax.param_tree import Params
from timesuite_jax.storage.staging import local_copy
from timesuite_jax.suggestions import did_you_mean
from timesuite_jax.training import Call, Evaluation


class MqsaTedInference:
    """The half of `MqsaTedTask` that needs parameters and no training; parameters are passed to each method."""

    def __init__(self, config: MqsaTedConfig) -> None:
        """Reads the interactions and item features, which determine sizes of the model.

        Raises:
          UserError: if a file cannot be read, or the data do not suit the model.
        """
        self.config = config
        self.data = config.data.read()
        self.item_features = self._read_features() if config.features.use == "add" else None
        width = 0 if self.item_features is None else self.item_features.vectors.shape[1]
        spec = override(MqsaSpec(items=self.data.num_items, features=width), config.model, "model")
        self.model = Mqsa(spec)

    @classmethod
    def model_config(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Every field of the model that a config describes, except those that the data determine."""
        spec = as_json(build(MqsaSpec, {**config.get("model", {}), "items": 1}, "model"))
        return {name: value for name, value in spec.items() if name not in ("items", "features")}

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
        return None if path is None else read_features(local_copy(path), self.data.num_items)

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
        self,
        params: Params,
        histories: Sequence[History],
        *,
        top: int = 20,
        seen: bool = False,
        on_unknown: Literal["reject", "ignore"] = "reject",
    ) -> list[Recommendation]:
        """Returns the most likely next items of each history; see `Recommender`."""
        return self.recommender(params)(histories, top=top, seen=seen, on_unknown=on_unknown)

    def user_history(self, user: str | int) -> list[str]:
        """Returns the names of all items of a user of the data, oldest first, with the held-out ones.

        Raises:
          UserError: if there is no such user, or it is neither text nor a whole number.
        """
        users = NameIndex(self.data.user_names, self.data.num_users, "user")
        if (index := users.find(user)) is None:
            known = ", ".join(repr(users.name(n)) for n in range(min(3, self.data.num_users)))
            hint = did_you_mean(str(user), self.data.user_names or ())
            raise UserError(
                f"{self.config.data.source} has no user {user!r}; {hint}{hint and ' '}its {self.data.num_users} users "
                f"are {known} and so on; correct the name, or give the items of another user as a history"
            )
        items = NameIndex(self.data.item_names, self.data.num_items, "item")
        return [items.name(item) for item in self.data.history(index).tolist()]

    def evaluation_job(self, request: EvaluationRequest) -> EvaluationJob:
        """Returns the ranking of the held-out items.

        Raises:
          UserError: if an option is set: the protocol has none.
        """
        request.check_supported("mqsa_ted")
        return ranking_job(self.data, self.model.spec.max_len, self.ranking)
