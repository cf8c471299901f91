"""A minimal task: regression by a tiny network with dropout on shuffled data."""

import dataclasses
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jaxtyping import Array

from timesuite_jax import training
from timesuite_jax.layers import Linear, run_stack
from timesuite_jax.training import Batch, OptimizerSpec, TrainingSpec

SAMPLES = 64


class Block(nn.Module):
    """One residual layer with dropout."""

    @nn.compact
    def __call__(self, x: Array, _: None, *, deterministic: bool) -> tuple[Array, None]:
        large = nn.initializers.normal(0.5)  # so that dropout has an effect
        y = Linear(16, ("embed", "mlp"), kernel_init=large, name="up")(x)
        y = nn.with_logical_constraint(jnp.tanh(y), ("batch", "mlp"))
        y = Linear(x.shape[-1], ("mlp", "embed"), kernel_init=large, name="down")(y)
        return x + nn.Dropout(0.2)(y, deterministic=deterministic), None


class Network(nn.Module):
    """A frozen projection, two stacked trained layers, a trained head."""

    width: int

    @nn.compact
    def __call__(self, x: Array, *, deterministic: bool) -> Array:
        large = nn.initializers.normal(0.5)
        x = Linear(self.width, (None, "embed"), kernel_init=large, name="projection")(x)
        x, _ = run_stack(Block(name="blocks"), x, length=2, deterministic=deterministic)
        return Linear(1, ("embed", None), kernel_init=large, name="head")(x)[..., 0]


class ToyData:
    """Shuffles in each epoch; the order is a function of seed and position."""

    def __init__(self, task: "ToyTask", seed: int, process_index: int = 0, process_count: int = 1) -> None:
        self.task, self.seed, self.position, self.closed = task, seed, 0, False
        size = task.batch // process_count
        self.local = slice(process_index * size, (process_index + 1) * size)

    def __next__(self) -> Batch:
        time.sleep(self.task.delay)
        rows = []
        for index in range(self.position, self.position + self.task.batch):
            epoch, place = divmod(index, SAMPLES)
            rows.append(np.random.default_rng((self.seed, epoch)).permutation(SAMPLES)[place])
        self.position += self.task.batch
        if self.task.data_ends_at is not None and self.position > self.task.data_ends_at:
            raise StopIteration
        numbers = np.asarray(rows, np.int32)[self.local]
        x = np.stack([np.random.default_rng((7, number)).normal(size=4) for number in numbers]).astype(np.float32)
        y = np.sin(x.sum(axis=-1)).astype(np.float32)
        weight = np.where(numbers % 3 == 0, 2.0, 1.0).astype(np.float32)
        if self.task.bad_sample is not None:
            y = np.where(numbers == self.task.bad_sample, np.float32(np.nan), y)
        return {"x": x, "y": y, "weight": weight, "sample": numbers}

    def get_state(self) -> dict[str, Any]:
        return {"position": self.position}

    def set_state(self, state: dict[str, Any]) -> None:
        self.position = state["position"]

    def sample_names(self, batch: Batch) -> list[str]:
        return [f"sample-{number}" for number in batch["sample"]]

    def report(self) -> training.DataReport:
        return {}

    def close(self) -> None:
        self.closed = True


@dataclasses.dataclass
class ToyTask(training.Task):
    """See `training.Task`."""

    width: int = 8
    batch: int = 16
    dropout: bool = True
    train_all: bool = False
    weights: training.InitialWeights | None = None
    bad_sample: int | None = None
    data_ends_at: int | None = None
    delay: float = 0.0
    name: str = "toy"
    opened: list[ToyData] = dataclasses.field(default_factory=list)

    def _init(self, rng: Array) -> Any:
        return Network(self.width).init(rng, jnp.zeros((1, 4)), deterministic=True)["params"]

    def abstract_params(self) -> Any:
        return jax.eval_shape(self._init, jax.random.key(0))

    def init(self, rng: Array) -> Any:
        return nn.meta.unbox(self._init(rng))

    def initial_weights(self) -> training.InitialWeights | None:
        return self.weights

    def trainable(self, path: tuple[str, ...]) -> bool:
        return self.train_all or path[0] != "projection"

    def loss(self, trainable: Any, frozen: Any, batch: Any, rng: Array) -> Any:
        predicted = Network(self.width).apply(
            {"params": {**trainable, **frozen}},
            batch["x"],
            deterministic=not self.dropout,
            rngs=training.streams(rng, "dropout"),
        )
        error = jnp.square(predicted - batch["y"])
        near = (error < 0.01).astype(jnp.float32)
        metrics = {"near": (jnp.sum(near), jnp.float32(near.size))}
        return jnp.sum(error * batch["weight"]), jnp.sum(batch["weight"]), metrics

    def train_data(self, *, seed: int, process_index: int, process_count: int, row_multiple: int = 1) -> ToyData:
        self.opened.append(ToyData(self, seed, process_index, process_count))
        return self.opened[-1]

    def abstract_batch(self, *, row_multiple: int = 1) -> Batch:
        row = np.broadcast_to(np.float32(1), (self.batch,))
        x = np.broadcast_to(np.float32(1), (self.batch, 4))
        return {"x": x, "y": row, "weight": row, "sample": np.broadcast_to(np.int32(0), (self.batch,))}

    def throughput_counts(self, batch: Batch) -> dict[str, float]:
        return {"samples": float(len(batch["x"])), "model_flops": 1e3}

    def evaluation_programs(self, params: Any) -> dict[str, training.Call]:
        return {}

    def evaluations(self) -> dict[str, training.Evaluation]:
        def mean(params: Any) -> dict[str, float]:
            return {"head": float(jnp.mean(params["head"]["kernel"])), "frozen": float("projection" in params)}

        return {"toy": training.Evaluation(("head", "frozen"), mean)}


def toy_spec(**changes: Any) -> TrainingSpec:
    """A short run on one device."""
    values = OptimizerSpec(learning_rate=1e-2, warmup_steps=5, min_lr_ratio=0.1)
    fields = {"total_steps": 20, "seed": 3, "optimizer": values, "log_every": 5, "save_every": 5, "keep": 2}
    return TrainingSpec(**{**fields, **changes})
