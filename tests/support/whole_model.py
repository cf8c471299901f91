"""Runs the whole model on a golden case, from batch to loss, as in training."""

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tests.support.golden_model import BOSFIXED, GoldenModel
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
from timesuite_jax.videochat_t.port import table
from timesuite_jax.videochat_t.task import VideoChatTask


def spec_of(golden: GoldenModel, case: str) -> VideoChatTSpec:
    """Returns the spec of a case: `linearp` has no TAPE, `*_bosfixed` embeds the first token."""
    bos = "embedding" if case.endswith(BOSFIXED) else "ones"
    return dataclasses.replace(golden.spec, bos=bos, tape=not case.startswith("linearp"))


def params_of(golden: GoldenModel, spec: VideoChatTSpec, **tensors: np.ndarray) -> dict[str, Any]:
    return golden.tree(table.build(dataclasses.replace(golden.sizes, time_adapter=spec.tape)), **tensors)


def batch_of(golden: GoldenModel, case: str) -> dict[str, Array]:
    return {name: jnp.asarray(value) for name, value in golden.batch(case).items()}


def task_of(golden: GoldenModel, case: str) -> VideoChatTask:
    """Returns the task that a run with the model of a case has."""
    return golden.task(spec_of(golden, case))


def mean_loss(task: VideoChatTask, trainable: dict[str, Any], frozen: dict[str, Any], batch: dict[str, Array]) -> Array:
    """Returns the mean loss over the targets of a batch."""
    total, count, _ = task.loss(trainable, frozen, batch, jax.random.key(0))
    return total / count


def run(golden: GoldenModel, case: str, **tensors: np.ndarray) -> tuple[np.ndarray, ...]:
    """Returns loss, input embeddings, visual tokens and logits of a case, with some tensors replaced."""
    spec = spec_of(golden, case)
    return tuple(map(np.asarray, _forward(spec, golden, params_of(golden, spec, **tensors), batch_of(golden, case))))


@functools.partial(jax.jit, static_argnums=(0, 1))
def _forward(
    spec: VideoChatTSpec, golden: GoldenModel, params: dict[str, Any], batch: dict[str, Array]
) -> tuple[Array, ...]:
    task = golden.task(spec)
    hidden, _ = task.model.apply({"params": params}, batch)
    embeds, aux = task.model.apply({"params": params}, batch, method="embed_prompt")
    logits = task.model.apply({"params": params}, hidden, method="logits")
    return mean_loss(task, params, {}, batch), embeds, aux["visual_tokens"], logits
