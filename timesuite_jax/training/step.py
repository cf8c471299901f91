"""The training step: a pure function from state and batch to the next state and a report."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from einops import rearrange
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from timesuite_jax import param_tree
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.layers import constrain_sharding
from timesuite_jax.param_tree import Params
from timesuite_jax.training.schedule import Schedule
from timesuite_jax.training.task import Task

# Metrics as [weighted sum, sum of weights], which add up over steps; and whether loss and gradient are finite.
StepReport = tuple[dict[str, Float[Array, "2"]], Bool[Array, ""]]
StepFunction = Callable[[TrainState, Params, Mapping[str, Array], PRNGKeyArray], tuple[TrainState, StepReport]]


def make_step(
    task: Task, optimizer: optax.GradientTransformation, schedule: Schedule, accumulate: int = 1
) -> StepFunction:
    """The step of a task; to be jitted with the state donated.

    Args:
      task: gives the loss.
      optimizer: turns the gradient into an update.
      schedule: the learning rate, for the report only (the optimizer has its own).
      accumulate: number of microbatches, to save memory. The result is that of the whole batch: summed gradients are
        divided by summed weights once.
    """

    def gradient(params: Params, frozen: Params, batch: Any, rng: PRNGKeyArray) -> tuple[Params, dict[str, Array]]:
        def summed_loss(params: Params) -> tuple[Array, dict[str, Array]]:
            loss, weight, metrics = task.loss(params, frozen, batch, rng)
            sums = {"loss": (loss, weight), **metrics}
            return loss, {name: jnp.stack(pair).astype(jnp.float32) for name, pair in sums.items()}

        return jax.grad(summed_loss, has_aux=True)(params)

    def step(state: TrainState, frozen: Params, batch: Any, rng: PRNGKeyArray) -> tuple[TrainState, StepReport]:
        rng = jax.random.fold_in(rng, state.step)

        def add_microbatch(total: Any, part: Any) -> tuple[Any, None]:
            index, rows = part
            new = gradient(state.params, frozen, rows, jax.random.fold_in(rng, index))
            return jax.tree.map(jnp.add, total, new), None

        if accumulate == 1:
            grads, sums = gradient(state.params, frozen, batch, jax.random.fold_in(rng, 0))
        else:
            # Every accumulate-th sample: so each microbatch is spread over all devices without moving a row.
            parts = jax.tree.map(lambda x: rearrange(x, "(b a) ... -> a b ...", a=accumulate), batch)
            parts = jax.tree.map(lambda x: constrain_sharding(x, (None, "batch")), parts)
            shapes = jax.eval_shape(gradient, state.params, frozen, jax.tree.map(lambda x: x[0], parts), rng)
            zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes)
            (grads, sums), _ = jax.lax.scan(add_microbatch, zeros, (jnp.arange(accumulate), parts))

        # A batch without targets (all its samples dropped, for example) is not an error: its gradient is zero, and the
        # update follows from the optimizer's moments and weight decay alone.
        weight = jnp.where(sums["loss"][1] > 0, sums["loss"][1], 1.0)
        with jax.named_scope("gradient_mean_and_norm"):
            grads = jax.tree.map(lambda g: g / weight.astype(g.dtype), grads)
            norm = optax.tree.norm(param_tree.split(grads, task.is_statistic)[1])
        with jax.named_scope("optimizer"):
            updates, opt_state = optimizer.update(grads, state.opt_state, state.params)
            params: Any = optax.apply_updates(state.params, updates)
        one = jnp.float32(1)
        metrics = {**sums, "grad_norm": jnp.stack([norm, one]), "lr": jnp.stack([schedule(state.step), one])}
        finite = jnp.isfinite(sums["loss"][0] / weight) & jnp.isfinite(norm)
        return TrainState(step=state.step + 1, params=params, opt_state=opt_state), (metrics, finite)

    return step
