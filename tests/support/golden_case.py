"""One case of the MQSA-TED goldens: a model with its variables, and what the original computed with them.

Everything that costs a compilation goes through one compiled program a case: batches are filled up with users that have
no item, which adds nothing to any sum.
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

from timesuite_jax.evaluation import item_scores, mask_seen, rank
from timesuite_jax.metrics import RankingScores
from timesuite_jax.mqsa_ted import port_table
from timesuite_jax.mqsa_ted.data import Interactions, count_transitions, evaluation_inputs, seen_items, training_pairs
from timesuite_jax.mqsa_ted.model import Mqsa, MqsaSpec
from timesuite_jax.mqsa_ted.objectives.cross_entropy import item_cross_entropy
from timesuite_jax.mqsa_ted.objectives.transition_distillation import make_teacher, transition_distillation
from timesuite_jax.mqsa_ted.objectives.weight_penalty import half_squared_norm
from timesuite_jax.port.table import Table

CHUNK = 32  # several chunks a batch, the last of them not full


class Computed(NamedTuple):
    """What a batch gives: vectors of all slots, sums over its items and their gradients."""

    hidden: Array
    count: Array
    rec: Array
    kd: Array
    grad_rec: Any
    grad_kd: Any


class Losses(NamedTuple):
    """Means over the items of a batch, and gradients of: the total, its two parts."""

    total: float
    rec: float
    kd: float
    grad: Any
    grad_rec: Any
    grad_kd: Any


@dataclasses.dataclass(frozen=True, eq=False)
class GoldenCase:
    """Sizes and rates from index.json, arrays read when asked for."""

    folder: Path
    meta: dict[str, Any]

    @property
    def has_parts(self) -> bool:
        """Whether the dump of this case is one of those with more: the losses' own gradients, moments, scores."""
        kinds = {name.partition("/")[0] for name in self.names}
        some = {"grad_rec", "grad_kd", "adam_after5", "validate_logits_masked", "test_logits_masked"}
        return not kinds.isdisjoint(some)

    @property
    def has_epochs(self) -> bool:
        """Whether the original also went through epochs from these variables."""
        return "pipeline_6_epochs" in self.meta or any(name.startswith("var_after6epochs/") for name in self.names)

    @functools.cached_property
    def names(self) -> list[str]:
        """Names of the arrays; reads none of them."""
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

    @property
    def table(self) -> Table:
        return port_table.build(port_table.MqsaSizes(self.meta["num_block"]))

    def named(self, kind: str) -> dict[str, np.ndarray]:
        """The arrays `kind/...` by variable name."""
        return {key.removeprefix(f"{kind}/"): value for key, value in self.arrays.items() if key.startswith(f"{kind}/")}

    def params(self, kind: str = "var") -> dict[str, Any]:
        """The arrays `kind/...` as our parameter tree."""
        return jax.tree.map(jnp.asarray, self.table.to_tree(self.named(kind)))

    def leaves(self, params: dict[str, Any]) -> dict[str, np.ndarray]:
        """Parameters (or gradients by them) by variable name."""
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

            (rec_sum, hidden), grad_rec = jax.value_and_grad(rec, has_aux=True)(params)
            kd_sum, grad_kd = jax.value_and_grad(kd)(params)
            return Computed(hidden, jnp.sum(counts), rec_sum, kd_sum, grad_rec, grad_kd)

        return compute

    def on(self, params: dict[str, Any], inputs: np.ndarray, targets: np.ndarray | None = None) -> Computed:
        """Runs at most a batch of histories; without targets, for the hidden vectors alone."""
        targets = np.full_like(inputs, self.meta["num_item"]) if targets is None else targets
        rows = ((0, self.meta["batch_size"] - len(inputs)), (0, 0))
        filled = (np.pad(array, rows, constant_values=self.meta["num_item"]) for array in (inputs, targets))
        out = self.run(params, *map(jnp.asarray, filled))
        return out._replace(hidden=out.hidden[: len(inputs)])

    def train(self, params: dict[str, Any], users: np.ndarray | list[int]) -> Losses:
        """The three losses of a batch of users and the gradient of their sum."""
        inputs, targets = self.pairs
        out = self.on(params, inputs[users], targets[users])
        weight, l2 = self.meta["lambda_kd"], self.meta["l2_reg"]
        rec, kd = out.rec / out.count.astype(jnp.float32), out.kd / out.count.astype(jnp.float32)
        grads = [jax.tree.map(lambda g: g / out.count.astype(jnp.float32), g) for g in (out.grad_rec, out.grad_kd)]
        # The gradient of half the square of a parameter is the parameter.
        total = jax.tree.map(lambda a, b, v: a + weight * b + l2 * v, *grads, params)
        return Losses(float(rec + weight * kd + l2 * half_squared_norm(params)), float(rec), float(kd), total, *grads)

    def ranking(self, params: dict[str, Any], split: str) -> tuple[RankingScores, np.ndarray]:
        """Ranks of every user's next item, "validate" or "test", and the scores of all items that rank them."""
        name, size = "validation" if split == "validate" else "test", self.meta["batch_size"]
        inputs = evaluation_inputs(self.data, self.meta["max_len"], name)
        parts = [self.on(params, inputs[at : at + size]).hidden[:, -1] for at in range(0, len(inputs), size)]
        scores = item_scores(jnp.concatenate(parts), params["item_embedding"])
        pushed = mask_seen(scores, jnp.asarray(seen_items(self.data, self.meta["max_len"], name)))
        ranks = rank(pushed, jnp.asarray(getattr(self.data, name)))
        return RankingScores(np.asarray(ranks)), np.asarray(pushed)


def read_cases(root: Path) -> list[GoldenCase]:
    """All cases that a folder's index names."""
    index = json.loads((root / "index.json").read_text(encoding="utf-8"))
    return [GoldenCase(root, meta) for meta in index["cases"]]
