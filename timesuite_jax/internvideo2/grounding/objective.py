"""The loss of a batch of queries."""

from collections.abc import Mapping
from typing import Any, cast

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax.internvideo2.grounding.set_loss import LossSpec, saliency_loss, set_loss
from timesuite_jax.layers import mask_key
from timesuite_jax.models.grounding import MomentHead
from timesuite_jax.param_tree import Params
from timesuite_jax.training import MetricSums
from timesuite_jax.training.randomness import streams

INPUTS = ("video", "video_mask", "times", "query", "query_mask")


def grounding_loss(
    model: MomentHead,
    spec: LossSpec,
    params: Params,
    batch: Mapping[str, Shaped[Array, "B ..."]],
    rng: PRNGKeyArray,
) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
    """The summed loss of a batch, the number of its samples, and the parts.

    Spans are predicted after each decoder layer, and all layers are trained; the parts are of the last one.

    Args:
      model: the head.
      spec: weights of the parts.
      params: of the head.
      batch: see `batch.collate`; rows without a video are padding.
      rng: of dropout.
    """
    key = mask_key(streams(rng, "dropout")["dropout"])
    inputs = (batch[name] for name in INPUTS)
    found = model.apply({"params": params}, *inputs, deterministic=False, rngs={"dropout": key})
    spans, foreground, saliency = cast(Any, found)
    used = jnp.any(batch["video_mask"], axis=1).astype(jnp.float32)
    of_batch = jax.vmap(set_loss, (0, 0, 0, 0, None))
    parts = jax.vmap(of_batch, (0, 0, None, None, None))(
        spans, foreground, batch["windows"], batch["windows_mask"], spec
    )
    salient = jax.vmap(saliency_loss, (0, 0, 0, None))(saliency, batch["level"], batch["video_mask"], spec.margin)
    layers = spec.l1 * parts.l1 + spec.giou * parts.giou + spec.foreground * parts.foreground
    loss = jnp.sum(layers, axis=0) + spec.saliency * salient
    last = {name: part[-1] for name, part in parts._asdict().items()}
    count = jnp.sum(used)
    metrics = {name: (jnp.sum(part * used), count) for name, part in {**last, "saliency": salient}.items()}
    return jnp.sum(loss * used), count, metrics
