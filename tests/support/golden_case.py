"""A case of the MQSA-TED goldens: a model with its variables, and upstream's results.

Each case compiles one program: batches are padded with users without items, which add nothing to any sum.
"""

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.evaluation import item_scores, mask_seen
from timesuite_jax.metrics import RankingScores
from timesuite_jax.mqsa_ted import port_table
from timesuite_jax.mqsa_ted.config import InteractionsSpec, LossSpec, MqsaTedConfig
from timesuite_jax.mqsa_ted.data import UserStream, count_transitions, evaluation_inputs, seen_items, training_pairs
from timesuite_jax.mqsa_ted.model import Mqsa, MqsaSpec
from timesuite_jax.mqsa_ted.objectives.cross_entropy import item_cross_entropy
from timesuite_jax.mqsa_ted.objectives.transition_distillation import make_teacher, transition_distillation
from timesuite_jax.mqsa_ted.task import MqsaTedTask
from timesuite_jax.port.table import Table

CHUNK = 32  # several chunks per batch, of which the last is not full


class Computed(NamedTuple):
    """Results of a batch of padded histories: hidden vectors of all positions, and gradients of the loss's terms."""

    hidden: Array
    count: Array
    grad_rec: Any
    grad_kd: Any


class Losses(NamedTuple):
    """Means over the items of a batch of the total loss and its two terms, and the gradient of the total."""

    total: float
    rec: float
    kd: float
    grad: Any


@dataclasses.dataclass(frozen=True, eq=False)
class GoldenCase:
    """A case; sizes and rates are from index.json, arrays are read on demand."""

    folder: Path
    meta: dict[str, Any]

    @property
    def has_parts(self) -> bool:
        """Whether the case has gradients of the loss terms, optimizer moments and scores."""
        kinds = {name.partition("/")[0] for name in self.names}
        some = {"grad_rec", "grad_kd", "adam_after5", "validate_logits_masked", "test_logits_masked"}
        return not kinds.isdisjoint(some)

    @property
    def has_epochs(self) -> bool:
        """Whether the case has results of whole epochs."""
        return "pipeline_6_epochs" in self.meta or any(name.startswith("var_after6epochs/") for name in self.names)

    @functools.cached_property
    def names(self) -> list[str]:
        """Names of the arrays, without reading them."""
        with np.load(self.folder / self.meta["file"], allow_pickle=False) as file:
            return file.files

    @functools.cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        with np.load(self.folder / self.meta["file"], allow_pickle=False) as file:
            return dict(file)

    @functools.cached_property
    def dataset(self) -> dict[str, np.ndarray]:
        with np.load(self.folder / "dataset.npz", allow_pickle=False) as file:
            return dict(file)

    @functools.cached_property
    def data(self) -> Interactions:
        return Interactions.load(self.folder / "dataset.npz")

    @property
    def spec(self) -> MqsaSpec:
        meta = self.meta
        return MqsaSpec(
            items=meta["num_item"],
            width=meta["num_factor"],
            max_len=meta["max_len"],
            blocks=meta["num_block"],
            heads=meta["num_head"],
            window=meta["L"],
            alpha=meta["alpha"],
            dropout=0.0,
        )

    @functools.cached_property
    def task(self) -> MqsaTedTask:
        """The task that a run with the case's data and sizes has."""
        meta, batch = self.meta, self.meta["batch_size"]
        data = InteractionsSpec(
            path=str(self.folder / "dataset.npz"), batch_size=batch, evaluation_batch_size=batch, row_multiple=batch
        )
        model = {
            name: value for name, value in dataclasses.asdict(self.spec).items() if name not in ("items", "features")
        }
        loss = LossSpec(
            distillation=meta["lambda_kd"], tau=meta["tau"], span=meta["time_span"], l2=meta["l2_reg"], chunk=CHUNK
        )
        return MqsaTedTask(MqsaTedConfig(data, model, loss))

    def stream(self) -> UserStream:
        """Returns the training stream of the task, in upstream's order of users."""
        return self.task.train_data(seed=int(self.dataset["order_seed"]), process_index=0, process_count=1)

    @property
    def table(self) -> Table:
        return port_table.build(port_table.MqsaSizes(self.meta["num_block"]))

    def named(self, kind: str) -> dict[str, np.ndarray]:
        """Returns the arrays `kind/...` by variable name."""
        return {key.removeprefix(f"{kind}/"): value for key, value in self.arrays.items() if key.startswith(f"{kind}/")}

    def params(self, kind: str = "var") -> dict[str, Any]:
        """Returns the arrays `kind/...` as a parameter tree."""
        return jax.tree.map(jnp.asarray, self.table.to_tree(self.named(kind)))

    def leaves(self, params: dict[str, Any]) -> dict[str, np.ndarray]:
        """Returns parameters or gradients by variable name."""
        return self.table.to_torch(jax.tree.map(np.asarray, params))

    @functools.cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        return training_pairs(self.data, self.meta["max_len"])

    @functools.cached_property
    def run(self) -> Any:
        """`(params, inputs [batch, max_len], targets) -> Computed`, compiled once."""
        model, meta = Mqsa(self.spec), self.meta
        teacher = make_teacher(*count_transitions(self.data, meta["max_len"], meta["time_span"]), tau=meta["tau"])

        def encode(params: dict[str, Any], inputs: Array) -> tuple[Array, Array]:
            hidden, aux = model.apply({"params": params}, inputs)
            return hidden, aux["heads"]

        @jax.jit
        def compute(params: dict[str, Any], inputs: Array, targets: Array) -> Computed:
            flat = inputs.ravel()
            counts = flat != model.spec.padding

            def rec(params: dict[str, Any]) -> tuple[Array, Array]:
                hidden, _ = encode(params, inputs)
                rows = jnp.concatenate(list(hidden))
                return item_cross_entropy(rows, params["item_embedding"], targets.ravel(), counts, chunk=CHUNK), hidden

            def kd(params: dict[str, Any]) -> Array:
                heads = jnp.concatenate(list(encode(params, inputs)[1]))
                table = params["item_embedding"]
                return transition_distillation(heads, table, flat, counts, teacher, tau=meta["tau"], chunk=CHUNK)

            grad_rec, hidden = jax.grad(rec, has_aux=True)(params)
            return Computed(hidden, jnp.sum(counts), grad_rec, jax.grad(kd)(params))

        return compute

    def on(self, params: dict[str, Any], inputs: np.ndarray, targets: np.ndarray | None = None) -> Computed:
        """Runs up to a batch of histories; without targets, only the hidden vectors are valid."""
        targets = np.full_like(inputs, self.meta["num_item"]) if targets is None else targets
        rows = ((0, self.meta["batch_size"] - len(inputs)), (0, 0))
        filled = (np.pad(array, rows, constant_values=self.meta["num_item"]) for array in (inputs, targets))
        out = self.run(params, *map(jnp.asarray, filled))
        return out._replace(hidden=out.hidden[: len(inputs)])

    @functools.cached_property
    def _loss_and_gradient(self) -> Any:
        task = self.task

        def mean(params: dict[str, Any], batch: dict[str, Array]) -> tuple[Array, dict[str, Array]]:
            total, weight, sums = task.loss(params, {}, batch, jax.random.key(0))
            return total / weight, {name: value / count for name, (value, count) in sums.items()}

        return jax.jit(jax.value_and_grad(mean, has_aux=True))

    def train(self, params: dict[str, Any], batch: dict[str, np.ndarray]) -> Losses:
        """Returns the losses of a batch of the stream, and the gradient."""
        (total, terms), grad = self._loss_and_gradient(params, batch)
        return Losses(float(total), float(terms["next_item"]), float(terms["distillation"]), grad)

    def gradients_of_terms(self, params: dict[str, Any], users: np.ndarray) -> dict[str, Any]:
        """Returns the gradients of the means of the two terms of the loss."""
        inputs, targets = self.pairs
        out = self.on(params, inputs[users], targets[users])
        grads = {"grad_rec": out.grad_rec, "grad_kd": out.grad_kd}
        return jax.tree.map(lambda leaf: leaf / out.count.astype(jnp.float32), grads)

    def ranking(self, params: dict[str, Any], split: str) -> tuple[RankingScores, np.ndarray]:
        """Returns the ranks of every user's next item and the masked scores of all items; "validate" or "test"."""
        name, size = "validation" if split == "validate" else "test", self.meta["batch_size"]
        inputs = evaluation_inputs(self.data, self.meta["max_len"], name)
        parts = [self.on(params, inputs[at : at + size]).hidden[:, -1] for at in range(0, len(inputs), size)]
        scores = item_scores(jnp.concatenate(parts), params["item_embedding"])
        masked = mask_seen(scores, jnp.asarray(seen_items(self.data, self.meta["max_len"], name)))
        return self.task.ranking(params, name), np.asarray(masked)


def read_cases(root: Path) -> list[GoldenCase]:
    """Returns all cases in the index of a folder."""
    index = json.loads((root / "index.json").read_text(encoding="utf-8"))
    return [GoldenCase(root, meta) for meta in index["cases"]]
