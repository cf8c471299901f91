"""What both sides of the recommender's comparison compute: data, sizes, weights and batches, in plain numpy.

Neither framework is imported here, so that each side's process holds only its own.
"""

import dataclasses
import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np

# What is added to all keys moves no softmax: the gradient by it is rounding, of which no two sides have the same.
NO_GRADIENT = ("short/blocks/key/bias", "long/blocks/key/bias")


@dataclasses.dataclass(frozen=True)
class Sizes:
    """The released hyper-parameters, which are the configs'."""

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
    """Users' items in the order of time; ids count from 0."""

    train: list[np.ndarray]  # the newest `max_len` of each user
    validation: np.ndarray
    test: np.ndarray
    items: int


def read_log(path: Path, sizes: Sizes) -> Log:
    """Reads an `.npz` as `timesuite train configs/mqsa_ted/beauty.py` does."""
    with np.load(path, allow_pickle=False) as file:
        start, items = file["user_ptr"].astype(np.int64), file["items"].astype(np.int64)
        train = [items[a:b][-sizes.max_len :] for a, b in itertools.pairwise(start)]
        held = (file[name].astype(np.int64) for name in ("validate_item", "test_item"))
        return Log(train, *held, int(file["num_item"]))


def some_users(path: Path, number: int, out: Path) -> None:
    """Writes the interactions of so many users, evenly out of all of them (or all); the items stay all."""
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


def made_up(path: Path, users: int, items: int, seed: int = 0) -> None:
    """Writes interactions at random, for a test of the script."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 12, users)
    held = rng.integers(0, items, (2, users))
    np.savez(
        path,
        user_ptr=np.concatenate([[0], np.cumsum(lengths)]),
        items=rng.integers(0, items, lengths.sum()),
        validate_item=held[0],
        test_item=held[1],
        num_user=users,
        num_item=items,
    )


def first_batch(log: Log, sizes: Sizes) -> np.ndarray:
    """The users of the first step of a run with the configs' seed."""
    order = np.arange(len(log.train))
    np.random.RandomState(2023).shuffle(order)
    return order[: sizes.batch]


def make_weights(items: int, sizes: Sizes, seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights as the original initialises them, by their path in our tree without the axis of blocks."""
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
