"""Interactions as arrays of one shape: left-padded histories, what is to be predicted from them, what was seen.

Follows upstream's `utils.py` and `main.py` of MQSA-TED (arXiv:2311.01056): only the newest `max_len` training items of
a user exist, for inputs, for transitions, and for what is left out of a ranking. The newest item stands in the last
slot and padding has the id after the last item's. Most slots are padding: a batch's users are laid out when it is made.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Int

from timesuite_jax.mqsa_ted.data.dataset import Interactions

Split = Literal["validation", "test"]
Ids = Int[np.ndarray, "B S"]
Users = Int[np.ndarray, " B"] | slice  # whose histories are asked for
_ALL = slice(None)


def training_histories(data: Interactions, max_len: int, users: Users = _ALL) -> Ids:
    """The users' newest `max_len` training items, left-padded."""
    start, end = data.start[:-1][users, None], data.start[1:][users, None]
    slots = np.arange(-max_len, 0)[None]
    places = np.maximum(end + slots, 0)
    return np.where(-slots <= end - start, data.items[places], data.num_items)


def training_pairs(data: Interactions, max_len: int, users: Users = _ALL) -> tuple[Ids, Ids]:
    """Inputs and targets: at each slot an item and the one that followed it, padding at the same slots of both.

    A history of `max_len` items has one pair less, so slot 0 is never trained.
    """
    targets = training_histories(data, max_len, users)
    inputs = np.pad(targets[:, :-1], ((0, 0), (1, 0)), constant_values=data.num_items)
    return inputs, np.where(inputs == data.num_items, data.num_items, targets)


def evaluation_inputs(data: Interactions, max_len: int, split: Split, users: Users = _ALL) -> Ids:
    """The history before the item to be ranked: the training items, and for testing the validation item too."""
    seen = seen_items(data, max_len, split, users)
    return seen[:, -max_len:]


def seen_items(data: Interactions, max_len: int, split: Split, users: Users = _ALL) -> Ids:
    """What a ranking leaves out, one column an occurrence; unlike the input, all `max_len` training items."""
    histories = training_histories(data, max_len, users)
    if split == "validation":
        return histories
    return np.concatenate([histories, data.validation[users, None]], axis=1)


class Transitions(NamedTuple):
    """How often items followed one another: `tail[start[i]:start[i + 1]]` followed item i, `count` times each."""

    start: Int[np.ndarray, " V_plus_1"]
    tail: Int[np.ndarray, " E"]
    count: Int[np.ndarray, " E"]


def count_transitions(data: Interactions, max_len: int, span: int = 1) -> Transitions:
    """Counts pairs of training items at most `span` apart; the distance does not matter, and an item may follow itself.

    Raises:
      ValueError: if `span` is not positive.
    """
    if span < 1:
        raise ValueError(f"span={span}; the next item is 1 away")
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
    """The order of users in each epoch, the original's for the same seed: each shuffles the order of the last."""
    order = np.arange(users, dtype=np.int32)
    shuffler = np.random.RandomState(seed)
    while True:
        shuffler.shuffle(order)
        yield order.copy()
