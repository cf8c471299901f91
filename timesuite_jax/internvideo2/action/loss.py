"""The training loss of a classifier."""

from typing import Any, cast

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from timesuite_jax.internvideo2.action.mixing import MixingSpec, mix
from timesuite_jax.internvideo2.action.model import ActionModel
from timesuite_jax.layers import mask_key
from timesuite_jax.objectives import smoothed_targets, soft_cross_entropy
from timesuite_jax.param_tree import Params
from timesuite_jax.training import MetricSums, streams


def action_loss(
    model: ActionModel,
    mixing: MixingSpec,
    smoothing: float,
    params: Params,
    frames: Float[Array, "B F H W 3"],
    labels: Int[Array, " B"],
    valid: Bool[Array, " B"],
    rng: PRNGKeyArray,
) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
    """The summed cross entropy of mixed clips with smoothed labels, the number of valid clips, and the accuracy.

    Where clips are mixed there is no accuracy, because they have no single label.

    Args:
      model: the classifier.
      mixing: how clips are mixed.
      smoothing: of the labels.
      params: all parameters.
      frames: normalised.
      labels: numbers of classes.
      valid: clips that count.
      rng: of this batch.
    """
    keys = streams(rng, "mixing", "dropout", "drop_path")
    targets = smoothed_targets(labels, model.spec.num_classes, smoothing)
    frames, targets = mix(mixing, frames, targets, valid, keys["mixing"])
    rngs = {name: mask_key(keys[name]) for name in ("dropout", "drop_path")}
    logits = cast(Any, model.apply({"params": params}, frames, valid=valid, deterministic=False, rngs=rngs))
    counts = valid.astype(jnp.float32)
    total, weight = jnp.einsum("B,B->", soft_cross_entropy(logits, targets), counts), jnp.sum(counts)
    metrics: MetricSums = {}
    if not mixing.mixes:
        right = (jnp.argmax(logits, axis=-1) == labels).astype(jnp.float32)
        metrics["accuracy"] = jnp.einsum("B,B->", right, counts), weight
    return total, weight, metrics
