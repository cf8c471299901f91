"""Data, sizes, weights and batches of the recommender's comparison, in NumPy.

Imports neither framework, so that the process of each side imports only its own.
"""

import dataclasses
import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np

# A bias of all keys does not change the softmax: its gradient is rounding noise, which differs between the sides.
NO_GRADIENT = ("short/blocks/key/bias", "long/blocks/key/bias")


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The released hyper-parameters, as in the configs."""

    width: int = 64
    max_len: int = 50
    window: int = 3
    dropout: float = 0.5
    alpha: float = 0.5
    tau: float = 0.1
    distillation: float = 0.1
    l2: float = 1e-4
    learning_rate: float = 1e-3
    batch: int = 256


class Log(NamedTuple):
    """Items of each user, sorted by time; ids count from 0."""

    train: list[np.ndarray]  # the newest `max_len` of each user
    validation: np.ndarray
    test: np.ndarray
    items: int


def read_log(path: Path, sizes: Sizes) -> Log:
    """Reads an `.npz` as `timesuite train configs/mqsa_ted/beauty.py` does."""
    with np.load(path, allow_pickle=False) as file:
        start, items = file["user_ptr"].astype(np.int64), file["items"].astype(np.int64)
        train = [items[a:b][-sizes.max_len :] for a, b in itertools.pairwise(start)]
        held_out = (file[name].astype(np.int64) for name in ("validate_item", "test_item"))
        return Log(train, *held_out, int(file["num_item"]))


def write_subset(path: Path, number: int, out: Path) -> None:
    """Writes the interactions of `number` evenly spaced users (at most all), with all items."""
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    start = arrays["user_ptr"].astype(np.int64)
    users = len(start) - 1
    chosen = np.linspace(0, users, min(number, users), endpoint=False).astype(np.int64)
    rows = [arrays["items"][start[user] : start[user + 1]] for user in chosen]
    arrays["items"] = np.concatenate(rows)
    arrays["user_ptr"] = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    arrays["num_user"] = np.array(len(rows))
    arrays |= {name: arrays[name][chosen] for name in ("validate_item", "test_item")}
    np.savez(out, **arrays)


def write_random(path: Path, users: int, items: int, seed: int = 0) -> None:
    """Writes random interactions, to test the scripts."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 12, users)
    held_out = rng.integers(0, items, (2, users))
    np.savez(
        path,
        user_ptr=np.concatenate([[0], np.cumsum(lengths)]),
        items=rng.integers(0, items, lengths.sum()),
        validate_item=held_out[0],
        test_item=held_out[1],
        num_user=users,
        num_item=items,
    )


def first_batch(log: Log, sizes: Sizes) -> np.ndarray:
    """Returns the users of the first step of a run with the configs' seed."""
    order = np.arange(len(log.train))
    np.random.RandomState(2023).shuffle(order)
    return order[: sizes.batch]


def make_weights(items: int, sizes: Sizes, seed: int = 0) -> dict[str, np.ndarray]:
    """Returns random weights with upstream's initialization, by path in our tree, without the axis of blocks."""
    rng = np.random.default_rng(seed)
    width = sizes.width
    weights = {
        "item_embedding": 0.01 * rng.standard_normal((items, width)),
        "position_embedding": 0.01 * rng.standard_normal((sizes.max_len, width)),
    }
    for branch in ("short", "long"):
        for norm in ("blocks/query_norm", "blocks/attention_norm", "norm"):
            weights |= {f"{branch}/{norm}/scale": np.ones(width), f"{branch}/{norm}/bias": np.zeros(width)}
        for dense in ("query", "key", "value", "fc1", "fc2"):
            bound = np.sqrt(6.0 / (2 * width))
            weights[f"{branch}/blocks/{dense}/kernel"] = rng.uniform(-bound, bound, (width, width))
            weights[f"{branch}/blocks/{dense}/bias"] = np.zeros(width)
    return {name: value.astype(np.float32) for name, value in weights.items()}
