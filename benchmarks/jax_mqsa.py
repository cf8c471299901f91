"""This project's side of the recommender's comparison: the task, step and evaluation of `timesuite train`."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from recommender_workload import NO_GRADIENT, Sizes, make_weights

from timesuite_jax import parallel, param_tree, training
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.mqsa_ted.task import MqsaTedTask
from timesuite_jax.training import OptimizerSpec, TrainingSpec, randomness, schedule
from timesuite_jax.training.state import abstract_state
from timesuite_jax.training.step import make_step

SEED = 2023


def build_task(path: Path, sizes: Sizes, dropout: float) -> MqsaTedTask:
    model = {name: getattr(sizes, name) for name in ("width", "max_len", "window", "alpha")}
    loss = {name: getattr(sizes, name) for name in ("tau", "distillation", "l2")}
    data = {"path": str(path), "batch_size": sizes.batch}
    return MqsaTedTask.from_config({"model": model | {"dropout": dropout}, "loss": loss, "data": data})


def parameters(items: int, sizes: Sizes) -> dict[str, Any]:
    """Returns the workload's weights as a parameter tree, with blocks stacked."""
    leaves = {}
    for name, value in make_weights(items, sizes).items():
        leaves[tuple(name.split("/"))] = value[None] if "/blocks/" in name else value
    return param_tree.from_paths(leaves)


class Trainer:
    """The state of a run on all devices, and its steps, as in `training.run`."""

    def __init__(self, path: Path, sizes: Sizes):
        self.task, self.plain = (build_task(path, sizes, dropout) for dropout in (sizes.dropout, 0.0))
        values = OptimizerSpec(
            learning_rate=sizes.learning_rate, min_lr_ratio=1.0, eps_hat=True, weight_decay=0.0, clip_norm=None
        )
        spec = TrainingSpec(total_steps=10**6, optimizer=values)
        mesh = parallel.make_mesh(spec.mesh)
        rules = parallel.make_rules(spec.rules, mesh)
        self.rows = parallel.batch_sharding(mesh, rules)
        boxed = self.task.abstract_params()
        optimizer = training.optimizer.build(spec, boxed)
        abstract = abstract_state(optimizer, parallel.abstract_arrays(boxed, mesh, rules), mesh)
        shardings = jax.tree.map(lambda leaf: leaf.sharding, abstract)
        params = parameters(self.task.data.num_items, sizes)
        state = TrainState(step=jnp.zeros((), jnp.int32), params=params, opt_state=optimizer.init(params))
        self.state = jax.device_put(state, shardings)
        step = make_step(self.task, optimizer, schedule.build(spec))
        self.train_step = jax.jit(step, donate_argnums=0, out_shardings=(shardings, None))
        self.rng = jax.device_put(randomness.root(SEED, "train"), shardings.step)
        self.data = self.task.train_data(seed=SEED, process_index=0, process_count=1)
        self.stack = ExitStack()
        self.stack.enter_context(parallel.mesh_context(mesh, rules))

    def restart(self) -> None:
        """Resets the stream to the first batch."""
        self.data.set_state({**self.data.get_state(), "epoch": 0, "next_user": 0})

    def step(self) -> None:
        batch = parallel.put_batch(next(self.data), self.rows)
        self.state, report = self.train_step(self.state, {}, batch, self.rng)
        jax.block_until_ready(report)

    def gradient(self) -> list[float]:
        """Returns the losses and gradient norms of the first batch, without dropout."""
        self.restart()

        def total(params: Any, batch: Any) -> tuple[jax.Array, dict[str, jax.Array]]:
            loss, weight, sums = self.plain.loss(params, {}, batch, self.rng)
            return loss / weight, {name: part / count for name, (part, count) in sums.items()}

        batch = parallel.put_batch(next(self.data), self.rows)
        (loss, means), grads = jax.jit(jax.value_and_grad(total, has_aux=True))(self.state.params, batch)
        norms = {"/".join(path): float(np.linalg.norm(leaf)) for path, leaf in param_tree.leaves_with_paths(grads)}
        losses = [float(value) for value in (loss, means["next_item"], means["distillation"])]
        return losses + [norms[name] for name in sorted(norms) if name not in NO_GRADIENT]

    def evaluate(self) -> list[float]:
        results = [evaluate(self.state.params) for evaluate in self.task.evaluations().values()]
        return [value for metrics in results for name, value in metrics.items() if name != "n"]


def tasks(path: Path, sizes: Sizes) -> dict[str, Callable[[], Any]]:
    """Returns the measured tasks by name; each call runs one repetition and returns the values that are compared."""
    trainer = Trainer(path, sizes)

    def step() -> None:
        trainer.restart()
        trainer.step()

    def epoch() -> None:
        trainer.restart()
        for _ in range(trainer.data.batches):
            trainer.step()
        trainer.evaluate()

    return {"gradient": trainer.gradient, "evaluation": trainer.evaluate, "step": step, "epoch": epoch}
