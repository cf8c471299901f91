"""Losses of a set of spans: each true window is matched with one prediction, the others are background."""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from timesuite_jax.config_spec import bounded
from timesuite_jax.internvideo2.grounding.assignment import assign
from timesuite_jax.internvideo2.grounding.span_overlap import generalized_iou


@dataclasses.dataclass(frozen=True)
class LossSpec:
    """Weights of the losses; the defaults are Moment-DETR's (arXiv:2107.09609, section 4 and released scripts)."""

    l1: float = bounded(10.0, minimum=0)  # of centre and width
    giou: float = bounded(1.0, minimum=0)
    foreground: float = bounded(4.0, minimum=0)
    background: float = bounded(0.1, minimum=0)  # of spans without a window, relative to the others
    saliency: float = bounded(1.0, minimum=0)
    margin: float = bounded(0.2, minimum=0)  # by which a salient row is to exceed another


class SetLoss(NamedTuple):
    """Parts of one sample's loss, before their weights."""

    l1: Float[Array, ""]
    giou: Float[Array, ""]
    foreground: Float[Array, ""]


def set_loss(
    spans: Float[Array, "spans 2"],
    foreground: Float[Array, " spans"],
    windows: Float[Array, "windows 2"],
    valid: Bool[Array, " windows"],
    spec: LossSpec,
) -> SetLoss:
    """Losses of one sample, as means over its windows, and over its spans.

    Args:
      spans: predicted centre and width.
      foreground: logits.
      windows: true centre and width; at most as many as spans.
      valid: False at padding.
      spec: whose weights decide the matching, too.
    """
    pairs = (len(windows), len(spans), 2)
    left, right = jnp.broadcast_to(windows[:, None], pairs), jnp.broadcast_to(spans[None], pairs)
    distance = jnp.sum(jnp.abs(left - right), axis=-1)
    likely = jnp.broadcast_to(jax.nn.sigmoid(foreground)[None], pairs[:2])
    cost = spec.l1 * distance - spec.giou * generalized_iou(right, left) - spec.foreground * likely
    # Padding matches anything at no cost.
    matched = assign(jax.lax.stop_gradient(jnp.where(valid[:, None], cost, 0.0)))
    count = jnp.maximum(jnp.sum(valid), 1).astype(jnp.float32)

    def mean(values: Float[Array, " windows"]) -> Float[Array, ""]:
        return jnp.sum(jnp.where(valid, values, 0.0)) / count

    l1 = mean(jnp.sum(jnp.abs(spans[matched] - windows), axis=-1))
    # A padded window has no width: its overlap could be 0 / 0, whose gradient is not a number.
    safe = jnp.where(valid[:, None], windows, jnp.asarray([0.5, 1.0])[None])
    giou = mean(1.0 - generalized_iou(spans[matched], safe))
    is_window = jnp.zeros(len(spans), bool).at[matched].max(valid)
    weight = jnp.where(is_window, 1.0, spec.background)
    cross_entropy = -jax.nn.log_sigmoid(jnp.where(is_window, foreground, -foreground))
    return SetLoss(l1, giou, jnp.mean(weight * cross_entropy))


def saliency_loss(
    saliency: Float[Array, " rows"], level: Float[Array, " rows"], mask: Bool[Array, " rows"], margin: float
) -> Float[Array, ""]:
    """Hinge loss of pairs of rows whose order is known: relevant against other rows, and among relevant ones.

    The mean over all pairs of both kinds; Moment-DETR draws two pairs of each at every visit.

    Args:
      saliency: predicted.
      level: 0 for rows outside the windows, else higher for more salient rows.
      mask: False at padding.
      margin: of the hinge.
    """
    known = (level[:, None] > level[None]) & mask[:, None] & mask[None]
    losses = jax.nn.relu(margin + saliency[None] - saliency[:, None])
    outside = jnp.broadcast_to((level == 0)[None], known.shape)

    def mean(pairs: Bool[Array, "rows rows"]) -> Float[Array, ""]:
        return jnp.sum(jnp.where(pairs, losses, 0.0)) / jnp.maximum(jnp.sum(pairs), 1).astype(jnp.float32)

    return mean(known & outside) + mean(known & ~outside)
