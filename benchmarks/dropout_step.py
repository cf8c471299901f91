"""The medium model's training step with masks of one generator, for `dropout_masks.py`."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
from jax_videochat import TRAINED, spec, summed_loss
from mask_forms import draw, make_key
from workload import Shape, Sizes, make_batch

from timesuite_jax import param_tree
from timesuite_jax.checkpoints.train_state import TrainState
from timesuite_jax.layers import dropout, unbox
from timesuite_jax.parallel import compiler_options
from timesuite_jax.training import OptimizerSpec, TrainingSpec, optimizer, randomness, schedule
from timesuite_jax.training.step import make_step
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT

LORA_DROPOUT = 0.1  # as in the released model; the Q-Former's rates are the defaults


class MediumTask:
    """What `make_step` needs of a task: the loss of the medium model, with masks of one form."""

    def __init__(self, form: str, model: VideoChatT) -> None:
        self._form, self._model = form, model

    def is_statistic(self, path: tuple[str, ...]) -> bool:
        """The model has no statistics of the data."""
        return False

    def loss(
        self, trainable: Mapping, frozen: Mapping, batch: Mapping[str, jax.Array], rng: jax.Array
    ) -> tuple[jax.Array, jax.Array, dict]:
        """Cross entropy of the answers, with dropout and drop path."""
        params = param_tree.merge(trainable, frozen)
        keys = randomness.streams(rng, "dropout", "drop_path")
        rngs = {name: make_key(self._form, key) for name, key in keys.items()}
        with mock.patch.object(dropout, "hash_bits", lambda key, shape: draw(self._form, key, shape)):
            hidden, aux = self._model.apply({"params": params}, batch, deterministic=False, rngs=rngs)
        return *summed_loss(self._model, params, batch, hidden, aux["head_input"]), {}


def make_training_steps(forms: Iterable[str], sizes: Sizes, shape: Shape) -> dict[str, Callable[[], float]]:
    """For each form a step of AdamW on one batch, compiled at its first call, which returns the mean loss.

    Every call starts from the same state and key, so that the repetitions of a form are equal.
    """
    made = spec(sizes, remat=True)
    lora = dataclasses.replace(made.mistral.lora, dropout=LORA_DROPOUT)
    model = VideoChatT(dataclasses.replace(made, mistral=dataclasses.replace(made.mistral, lora=lora)))
    batch = jax.device_put(make_batch(sizes, shape))
    params = jax.jit(lambda key: unbox(model.init(key, batch)["params"]))(jax.random.key(0))
    trained, frozen = param_tree.split(params, lambda path: path[0] in TRAINED or path[-1].startswith("lora_"))
    settings = TrainingSpec(total_steps=100, optimizer=OptimizerSpec(learning_rate=1e-4, min_lr_ratio=1.0))
    adamw = optimizer.build(settings, trained)
    state = TrainState(step=jnp.zeros((), jnp.int32), params=trained, opt_state=jax.jit(adamw.init)(trained))

    def compile_step(form: str) -> Callable[[], float]:
        task: Any = MediumTask(form, model)
        step = jax.jit(
            make_step(task, adamw, schedule.build(settings)),
            compiler_options=compiler_options(jax.default_backend()),  # as in training
        )

        def run() -> float:
            _, (metrics, finite) = jax.block_until_ready(step(state, frozen, batch, jax.random.key(1)))
            loss, weight = np.asarray(metrics["loss"])
            if not finite:
                raise ValueError(f"the loss with {form} masks is not finite: {loss / weight}")
            return float(loss / weight)

        return run

    return {form: compile_step(form) for form in forms}
