"""Next-item recommendation: rank of each user's held-out item among all items.

The protocol of MQSA-TED's `evaluate.py` (arXiv:2311.01056): all users, all items, seen ones below the others, scores
after the last item of the history only.
"""

import functools
import math
from collections.abc import Callable
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from einops import rearrange
from jaxtyping import Array, Float, Int

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.evaluation.top_k import item_scores, mask_seen, rank
from timesuite_jax.layers import Shard, constrain_sharding, num_shards, shard_map_scores
from timesuite_jax.metrics import RankingScores
from timesuite_jax.mqsa_ted.data import Split, evaluation_inputs, pack, seen_items
from timesuite_jax.mqsa_ted.model import Mqsa
from timesuite_jax.param_tree import Params


@functools.partial(jax.jit, static_argnums=0)
def _ranks(
    model: Mqsa,
    params: Params,
    rows: tuple[Int[Array, "R S"], Int[Array, "R S"], Int[Array, "R S"]],
    newest: Int[Array, " B"],
    seen: Int[Array, "B C"],
    target: Int[Array, " B"],
) -> Int[Array, " B"]:
    sharded = (constrain_sharding(leaf, ("batch", "length")) for leaf in rows)
    hidden = rearrange(model.apply({"params": params}, *sharded)[0], "R S D -> (R S) D")
    by_user = jnp.take(hidden, newest, axis=0), seen, target
    table = cast(Array, model.apply({"params": params}, method="item_table"))
    ranks = shard_map_scores(_on_one_device, by_user, table, None, "rows", items=model.spec.items)
    return constrain_sharding(ranks, (None,))  # replicated, so that each process can read it


def _on_one_device(
    shard: Shard, by_user: tuple[Float[Array, "B D"], Array, Array], table: Float[Array, "V D"], _: None
) -> Int[Array, " B"]:
    hidden, seen, target = by_user
    scores = mask_seen(item_scores(hidden, table, shard), seen, shard)
    return rank(scores, target, shard)


def evaluate_recommendation(
    model: Mqsa,
    params: Params,
    data: Interactions,
    split: Split,
    *,
    batch_size: int,
    row_multiple: int,
    on_progress: Callable[[int], None] = lambda users: None,
) -> RankingScores:
    """Ranks the held-out item of every user.

    Args:
      model: its spec has the maximum length of a history.
      params: parameters of the model.
      data: histories and held-out items.
      split: which held-out item to rank, "validation" or "test".
      batch_size: users per batch; rounded up to a multiple of the mesh's devices.
      row_multiple: histories are packed into a number of rows that is a multiple of this and of the devices.
      on_progress: called with the number of users ranked since the last call.

    Raises:
      UserError: the mesh's devices do not divide the items.
    """
    devices = num_shards("batch")
    batch_size, row_multiple = -(-batch_size // devices) * devices, math.lcm(row_multiple, devices)
    max_len, padding = model.spec.max_len, model.spec.padding
    parts, min_rows = [], 0
    for at in range(0, data.num_users, batch_size):
        users = slice(at, at + batch_size)
        histories = evaluation_inputs(data, max_len, split, users)
        # At least as many rows as any earlier batch, so that nearly all batches share one compiled program.
        packing = pack(histories != padding, row_multiple, min_rows)
        min_rows, user, slot = packing.shape[0], packing.user, packing.slot
        rows = packing.scatter(histories[user, slot], padding), packing.scatter(user, -1), packing.scatter(slot, 0)
        newest = packing.place[slot == max_len - 1]  # one per user, in order
        # The last batch is padded.
        columns = newest, seen_items(data, max_len, split, users), getattr(data, split)[users]
        by_user = (np.pad(column, [(0, batch_size - len(column))] + [(0, 0)] * (column.ndim - 1)) for column in columns)
        parts.append(_ranks(model, params, rows, *by_user))
        on_progress(len(histories))
    return RankingScores(np.concatenate(jax.device_get(parts))[: data.num_users])
