"""Left-padded histories of users as arrays: inputs, targets and seen items; and counts of item transitions.

Follows `utils.py` and `main.py` of MQSA-TED (arXiv:2311.01056): only the newest `max_len` training items of a user are
used, in inputs, transitions and seen items. The newest item is in the last slot; the padding id is the number of items.
Most slots are padding, so histories are padded batch by batch.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Int

from timesuite_jax.data.interactions.dataset import Interactions

Split = Literal["validation", "test"]
Ids = Int[np.ndarray, "B S"]
Users = Int[np.ndarray, " B"] | slice  # selects rows
_ALL = slice(None)


def training_histories(data: Interactions, max_len: int, users: Users = _ALL) -> Ids:
    """Returns the users' newest `max_len` training items, left-padded."""
    start, end = data.start[:-1][users, None], data.start[1:][users, None]
    slots = np.arange(-max_len, 0)[None]
    index = np.maximum(end + slots, 0)
    return np.where(-slots <= end - start, data.items[index], data.num_items)


def training_pairs(data: Interactions, max_len: int, users: Users = _ALL) -> tuple[Ids, Ids]:
    """Returns inputs and targets: in each slot an item and the next one, with padding in the same slots.

    A history of `max_len` items has `max_len - 1` pairs, so slot 0 is never trained.
    """
    targets = training_histories(data, max_len, users)
    inputs = np.pad(targets[:, :-1], ((0, 0), (1, 0)), constant_values=data.num_items)
    return inputs, np.where(inputs == data.num_items, data.num_items, targets)


def evaluation_inputs(data: Interactions, max_len: int, split: Split, users: Users = _ALL) -> Ids:
    """Returns the history before the held-out item: the training items, followed in testing by the validation item."""
    seen = seen_items(data, max_len, split, users)
    return seen[:, -max_len:]


def seen_items(data: Interactions, max_len: int, split: Split, users: Users = _ALL) -> Ids:
    """Returns the items that a ranking masks; unlike the inputs of testing, with all `max_len` training items."""
    histories = training_histories(data, max_len, users)
    if split == "validation":
        return histories
    return np.concatenate([histories, data.validation[users, None]], axis=1)


class Transitions(NamedTuple):
    """Sparse transition counts: items `tail[start[i]:start[i + 1]]` followed item i, `count` times each."""

    start: Int[np.ndarray, " V_plus_1"]
    tail: Int[np.ndarray, " E"]
    count: Int[np.ndarray, " E"]


def count_transitions(data: Interactions, max_len: int, span: int = 1) -> Transitions:
    """Counts pairs of training items at most `span` apart; distances are not weighted, and an item may follow itself.

    Raises:
      ValueError: if `span` is not positive.
    """
    if span < 1:
        raise ValueError(f"span={span} must be at least 1, the distance of the next item")
    lengths = np.diff(data.start)
    newest = np.repeat(data.start[1:], lengths) - np.arange(len(data.items)) <= max_len
    items, user = data.items[newest].astype(np.int64), np.repeat(np.arange(data.num_users), lengths)[newest]
    pairs = [np.zeros(0, np.int64)]
    for distance in range(1, min(span, max_len - 1) + 1):
        same = user[:-distance] == user[distance:]
        pairs.append(items[:-distance][same] * data.num_items + items[distance:][same])
    found, count = np.unique(np.concatenate(pairs), return_counts=True)
    head, tail = np.divmod(found, data.num_items)
    start = np.searchsorted(head, np.arange(data.num_items + 1))
    return Transitions(start.astype(np.int32), tail.astype(np.int32), count.astype(np.int32))


def epoch_orders(users: int, seed: int) -> Iterator[Int[np.ndarray, " U"]]:
    """Yields the order of users in each epoch, as upstream for the same seed: each shuffles the previous one."""
    order = np.arange(users, dtype=np.int32)
    shuffler = np.random.RandomState(seed)
    while True:
        shuffler.shuffle(order)
        yield order.copy()
