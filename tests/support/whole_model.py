"""Runs the whole model on a golden case, from batch to loss, as in training."""

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tests.support.golden_model import BOSFIXED, GoldenModel
from timesuite_jax.objectives import answer_cross_entropy
from timesuite_jax.videochat_t.model.spec import VideoChatTSpec
from timesuite_jax.videochat_t.model.videochat_t import VideoChatT
from timesuite_jax.videochat_t.port import table


def spec_of(golden: GoldenModel, case: str) -> VideoChatTSpec:
    """Returns the spec of a case: `linearp` has no TAPE, `*_bosfixed` embeds the first token."""
    bos = "embedding" if case.endswith(BOSFIXED) else "ones"
    return dataclasses.replace(golden.spec, bos=bos, tape=not case.startswith("linearp"))


def params_of(golden: GoldenModel, spec: VideoChatTSpec, **tensors: np.ndarray) -> dict[str, Any]:
    return golden.tree(table.build(dataclasses.replace(golden.sizes, time_adapter=spec.tape)), **tensors)


def batch_of(golden: GoldenModel, case: str) -> dict[str, Array]:
    return {name: jnp.asarray(value) for name, value in golden.batch(case).items()}


def loss_and_hidden(spec: VideoChatTSpec, params: dict[str, Any], batch: dict[str, Array]) -> tuple[Array, Array]:
    """Returns the mean loss over the targets of a batch, and the hidden states."""
    hidden, _ = VideoChatT(spec).apply({"params": params}, batch)
    total, count, _ = answer_cross_entropy(
        hidden[:, :-1],
        batch["tokens"][:, 1:],
        batch["loss_mask"][:, 1:],
        params["mistral"]["lm_head"],
        chunk=32,
        scaling=spec.mistral.lora.scaling,
    )
    return total / count, hidden


@functools.partial(jax.jit, static_argnums=0)
def _forward(spec: VideoChatTSpec, params: dict[str, Any], batch: dict[str, Array]) -> tuple[Array, ...]:
    loss, hidden = loss_and_hidden(spec, params, batch)
    model = VideoChatT(spec)
    embeds, aux = model.apply({"params": params}, batch, method="embed_prompt")
    return loss, embeds, aux["visual_tokens"], model.apply({"params": params}, hidden, method="logits")


def run(golden: GoldenModel, case: str, **tensors: np.ndarray) -> tuple[np.ndarray, ...]:
    """Returns loss, input embeddings, visual tokens and logits of a case, with some tensors replaced."""
    spec = spec_of(golden, case)
    return tuple(map(np.asarray, _forward(spec, params_of(golden, spec, **tensors), batch_of(golden, case))))
