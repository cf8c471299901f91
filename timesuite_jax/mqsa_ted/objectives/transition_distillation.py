"""Transition-aware embedding distillation (TED, arXiv:2311.01056; upstream's `loss_kd`).

Transitions between items in the training data supervise the item embeddings: the teacher of item i is
`softmax(C[i] / max(C[i]) / tau)` over all items, with C the counts of transitions, and the student is the softmax of
`head_i . E / tau`. Upstream copies dense rows of the teacher to the device with each batch. But few items follow any
given item, and all others have the same probability: a row is a constant plus a few entries, so dense rows are computed
on the device, a chunk at a time.

Upstream uses `log(p + 1e-24)`. At a temperature of 0.1, probabilities fall below that within a few epochs; the epsilon
then bounds the loss and stops the gradient, so that a log-softmax would be a different loss.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from timesuite_jax.layers import Shard
from timesuite_jax.objectives import RowLosses, ScoreInputs, chunked_scores

LOG_EPSILON = 1e-24
_ENTRIES = 1024  # of the teacher that are scattered into dense rows at one time


class Teacher(NamedTuple):
    """Sparse rows of probabilities: `background[i]` for item i, plus `excess[e]` at item `tail[e]` for each entry e.

    The entries of item i are `start[i]` to `start[i + 1]`. Stored on the host, and constants of compiled programs.
    """

    background: Float[np.ndarray, " V"]
    start: Int[np.ndarray, " V_plus_1"]
    tail: Int[np.ndarray, " E"]
    excess: Float[np.ndarray, " E"]


def make_teacher(
    start: Int[np.ndarray, " V_plus_1"], tail: Int[np.ndarray, " E"], count: Int[np.ndarray, " E"], *, tau: float
) -> Teacher:
    """Computes the teacher from counts of transitions.

    Args:
      start: item i is followed by the distinct items `tail[start[i]:start[i + 1]]`.
      tail: item ids.
      count: number of these transitions, above 0.
      tau: the temperature.

    Raises:
      ValueError: if `tau` is not positive, or there are no transitions.
    """
    if tau <= 0:
        raise ValueError(f"tau={tau} must be positive")
    if not len(tail):
        raise ValueError("there are no transitions between items; disable the distillation")
    items = len(start) - 1
    head = np.repeat(np.arange(items), np.diff(start))
    most = np.zeros(items)
    np.maximum.at(most, head, count)
    # Relative to the highest exponent, 1 / tau (0 without transitions), so that small temperatures do not overflow.
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
    """Sums the cross entropy between teacher and student over the slots with an item; upstream's loss is its mean.

    Differentiable by `heads` and `table`.

    Args:
      heads: the embedded item of each slot, scaled and with dropout, like the input of the model.
      table: one vector for each item; rows beyond the items of the teacher are padding.
      items: ids of the heads; any ids where `counts` is False.
      counts: slots that hold an item.
      teacher: from `make_teacher`.
      tau: the temperature of the teacher.
      chunk: rows of a device whose scores are in memory at one time.

    Raises:
      ValueError: if `chunk` is not positive.
      UserError: if the devices of the mesh do not divide the rows or the items.
    """
    with jax.named_scope("transition_distillation"):
        shared = jax.tree.map(jnp.asarray, teacher)
        num_items = len(teacher.background)
        (total,) = chunked_scores(
            _distillation_losses,
            ScoreInputs(heads / tau, table.T),
            counts,
            items,
            shared,
            chunk=chunk,
            columns=num_items,
            precision=jax.lax.Precision.HIGHEST,
        )
        return total


def _distillation_losses(
    shard: Shard, scores: Float[Array, "C V"], items: Int[Array, " C"], teacher: Teacher
) -> RowLosses:
    taught = shard.of_items(_dense(shard, teacher, items, scores.shape[1]), 0.0)
    peak = shard.highest(jnp.max(scores, axis=-1))
    weights = jnp.exp(scores - peak[:, None])
    # In units of `total`, which saves a pass over all scores to divide by it.
    total = shard.over_items(jnp.sum(weights, axis=-1))
    floored = weights + (LOG_EPSILON * total)[:, None]
    kept = taught * (weights / floored)  # the part of the gradient that the epsilon does not stop
    sums = jnp.stack([jnp.sum(taught * jnp.log(floored), axis=-1), jnp.sum(kept, axis=-1)])
    likelihood, share = shard.over_items(sums)
    slope = weights * (share / total)[:, None] - kept
    return RowLosses((jnp.log(total) - likelihood,), slope, jnp.ones_like(total))


def _dense(shard: Shard, teacher: Teacher, items: Int[Array, " C"], number: int) -> Float[Array, "C V"]:
    """Computes dense rows of the teacher, iterating over the entries of these items only."""
    begin, end = (teacher.start.at[items + shift].get(mode="clip") for shift in (0, 1))
    ends = jnp.cumsum(end - begin)  # of the rows' entries, concatenated
    offset = end - ends
    rows = jnp.broadcast_to(teacher.background.at[items].get(mode="clip")[:, None], (len(items), number))

    def body(i: Array, rows: Array) -> Array:
        entry = i * _ENTRIES + jnp.arange(_ENTRIES)
        row = jnp.searchsorted(ends, entry, side="right")  # out of range after the last entry, so nothing is written
        place = offset.at[row].get(mode="clip") + entry
        tail, excess = (values.at[place].get(mode="clip") for values in (teacher.tail, teacher.excess))
        return rows.at[row, shard.local(tail, number)].add(excess, mode="drop")

    return jax.lax.fori_loop(0, (ends[-1] + _ENTRIES - 1) // _ENTRIES, body, rows)
