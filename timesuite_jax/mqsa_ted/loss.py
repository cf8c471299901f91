"""The training loss of MQSA-TED: next items, transition distillation and L2 (upstream's `main.py`)."""

from collections.abc import Mapping
from typing import Any, cast

import jax.numpy as jnp
from einops import rearrange
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from timesuite_jax import param_tree
from timesuite_jax.mqsa_ted.config import LossSpec
from timesuite_jax.mqsa_ted.model import Mqsa
from timesuite_jax.mqsa_ted.objectives.cross_entropy import item_cross_entropy
from timesuite_jax.mqsa_ted.objectives.negative_sampling import sampled_cross_entropy
from timesuite_jax.mqsa_ted.objectives.transition_distillation import Teacher, transition_distillation
from timesuite_jax.mqsa_ted.objectives.weight_penalty import half_squared_norm
from timesuite_jax.param_tree import Params
from timesuite_jax.training import MetricSums, streams


def recommendation_loss(
    model: Mqsa,
    spec: LossSpec,
    teacher: Teacher | None,
    trainable: Params,
    frozen: Params,
    batch: Mapping[str, Shaped[Array, "R S"]],
    rng: PRNGKeyArray,
) -> tuple[Float[Array, ""], Float[Array, ""], MetricSums]:
    """Returns the summed loss, its weight (the number of next items), and the sums of its terms.

    Each next item has one item to distil, and L2 is multiplied by the weight, so that the mean has it once.

    Args:
      model: the recommender.
      spec: weights and temperature of the terms.
      teacher: of the distillation; None disables it.
      trainable: trained parameters.
      frozen: the others.
      batch: `items`, `targets`, `positions` and `segments`, see `data.UserStream`.
      rng: of dropout and sampled negatives.
    """
    num_items, padding = model.spec.items, model.spec.padding
    rngs = streams(rng, "dropout", "negatives")
    inputs = (batch[name] for name in ("items", "segments", "positions"))
    params = {"params": param_tree.merge(trainable, frozen)}
    hidden, aux = cast(Any, model.apply(params, *inputs, deterministic=False, rngs=rngs))
    hidden, heads = (rearrange(vectors, "R S D -> (R S) D") for vectors in (hidden, aux["heads"]))
    items, targets = (rearrange(batch[name], "R S -> (R S)") for name in ("items", "targets"))
    counts = items != padding
    weight = jnp.sum(counts).astype(jnp.float32)
    table = cast(Array, model.apply(params, method="item_table"))
    if spec.negatives:
        next_item = sampled_cross_entropy(
            hidden, table, targets, counts, rngs["negatives"], negatives=spec.negatives, items=num_items
        )
    else:
        next_item = item_cross_entropy(hidden, table, targets, counts, chunk=spec.chunk, items=num_items)
    loss = next_item + spec.l2 * weight * half_squared_norm(trainable)
    sums = {"next_item": (next_item, weight)}
    if teacher is not None:
        distilled = transition_distillation(heads, table, items, counts, teacher, tau=spec.tau, chunk=spec.chunk)
        loss += spec.distillation * distilled
        sums["distillation"] = distilled, weight
    return loss, weight, sums
