"""Next-item recommendation: where each user's held-out item stands among all items.

The protocol of MQSA-TED's `evaluate.py` (arXiv:2311.01056): all users, all items, seen ones pushed down, the scores
after the last item of the history alone.
"""

import functools
from typing import cast

import jax
import numpy as np
from jaxtyping import Array, Int

from timesuite_jax.data import Interactions, Split, evaluation_inputs, seen_items
from timesuite_jax.evaluation.ranking import push_down_seen, rank
from timesuite_jax.metrics import RankingScores
from timesuite_jax.models import Mqsa
from timesuite_jax.training import Params


@functools.partial(jax.jit, static_argnums=0)
def _ranks(
    model: Mqsa, params: Params, items: Int[Array, "B S"], seen: Int[Array, "B C"], target: Int[Array, " B"]
) -> Int[Array, " B"]:
    hidden, _ = model.apply({"params": params}, items)
    scores = cast(Array, model.apply({"params": params}, hidden[:, -1], method="logits"))
    return rank(push_down_seen(scores, seen), target)


def evaluate_recommendation(
    model: Mqsa, params: Params, data: Interactions, split: Split, *, batch_size: int
) -> RankingScores:
    """Ranks every user's "validation" or "test" item.

    Args:
      model: whose spec says how long histories are.
      params: of the model.
      data: whose users are asked.
      split: which of their items is to be ranked.
      batch_size: users scored at one time; the last batch is filled up, so that one program does all.
    """
    max_len, number = model.spec.max_len, data.num_users
    columns = evaluation_inputs(data, max_len, split), seen_items(data, max_len, split), getattr(data, split)
    filled = -(-number // batch_size) * batch_size
    columns = [np.pad(column, [(0, filled - number)] + [(0, 0)] * (column.ndim - 1)) for column in columns]
    parts = [
        _ranks(model, params, *(column[at : at + batch_size] for column in columns))
        for at in range(0, filled, batch_size)
    ]
    return RankingScores(np.concatenate(jax.device_get(parts))[:number])
