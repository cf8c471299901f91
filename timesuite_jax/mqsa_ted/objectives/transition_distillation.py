"""Transition-aware embedding distillation (TED, arXiv:2311.01056; upstream's `loss_kd`).

What followed an item anywhere in the training data teaches the item embeddings: the teacher of item i is
`softmax(C[i] / max(C[i]) / tau)` over all items, C counting transitions, and the student is the softmax of
`head_i . E / tau`. Upstream sends the teacher's dense rows to the device with each batch. Hardly an item was followed
by more than a few others, and all that never followed have the same probability: a row is a constant and some entries
on top, and rows are made on the device for a chunk at a time.

Upstream takes `log(p + 1e-24)`. At a temperature of 0.1 probabilities do fall below that within a few epochs; the rule
then bounds the loss and stops the gradient, and a plain log-softmax would train something else.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.layers import Shard
from timesuite_jax.objectives.chunked_scores import item_rows

LOG_EPSILON = 1e-24
_ENTRIES = 1024  # of the teacher, written into its rows at one time


class Teacher(NamedTuple):
    """Rows of probabilities, sparse: item i's are `background[i]`, plus `excess[e]` at item `tail[e]` for its entries.

    Its entries are `start[i]` to `start[i + 1]`. Kept in the host's memory: a compiled program has them as constants.
    """

    background: Float[np.ndarray, " V"]
    start: Int[np.ndarray, " V_plus_1"]
    tail: Int[np.ndarray, " E"]
    excess: Float[np.ndarray, " E"]


def make_teacher(
    start: Int[np.ndarray, " V_plus_1"], tail: Int[np.ndarray, " E"], count: Int[np.ndarray, " E"], *, tau: float
) -> Teacher:
    """The teacher of counted transitions.

    Args:
      start: item i was followed by the items `tail[start[i]:start[i + 1]]`, each of them named once.
      tail: item ids.
      count: how often, above 0.
      tau: the temperature.

    Raises:
      ValueError: if `tau` is not positive, or there is no transition at all.
    """
    if tau <= 0:
        raise ValueError(f"tau={tau}; a temperature is above 0")
    if not len(tail):
        raise ValueError("no item ever follows another; leave the distillation out")
    items = len(start) - 1
    head = np.repeat(np.arange(items), np.diff(start))
    most = np.zeros(items)
    np.maximum.at(most, head, count)
    # Relative to the highest exponent, 1 / tau (or 0 where nothing follows): no small temperature overflows.
    weight = np.exp((count / most[head] - 1.0) / tau)
    absent = np.where(most > 0, np.exp(-1.0 / tau), 1.0)
    total = np.bincount(head, weight, items) + absent * (items - np.diff(start))
    background = absent / total
    excess = weight / total[head] - background[head]
    return Teacher(
        background.astype(np.float32), start.astype(np.int32), tail.astype(np.int32), excess.astype(np.float32)
    )


def transition_distillation(
    heads: Float[Array, "R D"],
    table: Float[Array, "V D"],
    items: Int[Array, " R"],
    counts: Bool[Array, " R"],
    teacher: Teacher,
    *,
    tau: float,
    chunk: int,
) -> Float[Array, ""]:
    """Sum over the slots that count of the cross entropy from teacher to student; upstream's loss is its mean.

    Differentiable by `heads` and `table`.

    Args:
      heads: the embedded item of each slot, scaled (and dropped out) as on its way into the model.
      table: one vector an item, as they are; rows beyond the teacher's items are none.
      items: ids of the heads; anything where `counts` is False.
      counts: slots that hold an item.
      teacher: from `make_teacher`.
      tau: the temperature that the teacher was made with.
      chunk: rows whose scores exist at one time.

    Raises:
      ValueError: if `chunk` is not positive.
      UserError: if the mesh's devices do not divide the rows or the items.
    """
    with jax.named_scope("transition_distillation"):
        shared = jax.tree.map(jnp.asarray, teacher)
        known = len(teacher.background)
        return item_rows(_rows, heads / tau, table, counts, items, shared, chunk=chunk, items=known)


def _rows(
    shard: Shard, scores: Float[Array, "C V"], items: Int[Array, " C"], teacher: Teacher
) -> tuple[Float[Array, " C"], Float[Array, "C V"], Float[Array, " C"]]:
    taught = shard.of_items(_dense(shard, teacher, items, scores.shape[1]), 0.0)
    peak = shard.highest(jnp.max(scores, axis=-1))
    weights = jnp.exp(scores - peak[:, None])
    # All in units of `total`, which spares a pass over all scores that divides by it.
    total = shard.over_items(jnp.sum(weights, axis=-1))
    floored = weights + (LOG_EPSILON * total)[:, None]
    kept = taught * (weights / floored)  # what the epsilon lets through of the gradient
    sums = jnp.stack([jnp.sum(taught * jnp.log(floored), axis=-1), jnp.sum(kept, axis=-1)])
    likelihood, share = shard.over_items(sums)
    return jnp.log(total) - likelihood, weights * (share / total)[:, None] - kept, jnp.ones_like(total)


def _dense(shard: Shard, teacher: Teacher, items: Int[Array, " C"], number: int) -> Float[Array, "C V"]:
    """The teacher's rows of these items. As many entries are visited as there are, whatever their distribution."""
    begin, end = (teacher.start.at[items + shift].get(mode="clip") for shift in (0, 1))
    ends = jnp.cumsum(end - begin)  # rows' entries laid one after another
    offset = end - ends
    rows = jnp.broadcast_to(teacher.background.at[items].get(mode="clip")[:, None], (len(items), number))

    def body(i: Array, rows: Array) -> Array:
        entry = i * _ENTRIES + jnp.arange(_ENTRIES)
        row = jnp.searchsorted(ends, entry, side="right")  # beyond the last entry: no row, so nothing is written
        place = offset.at[row].get(mode="clip") + entry
        tail, excess = (values.at[place].get(mode="clip") for values in (teacher.tail, teacher.excess))
        return rows.at[row, shard.local(tail, number)].add(excess, mode="drop")

    return jax.lax.fori_loop(0, (ends[-1] + _ENTRIES - 1) // _ENTRIES, body, rows)
