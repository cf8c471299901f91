"""Learnable interactions: histories around a ring of named items; and the training of a recommender on them."""

from pathlib import Path

import jax
import numpy as np
from ml_collections import ConfigDict

from tests.support.paths import CONFIGS
from timesuite_jax import parallel, training
from timesuite_jax.cli._configs import load_config
from timesuite_jax.data.interactions import Interactions
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.registry import build
from timesuite_jax.training import TrainingSpec

USERS, ITEMS = 24, 12
CONFIG = CONFIGS / "mqsa_ted/beauty.py"


def ring(*, users: int = USERS, items: int = ITEMS) -> Interactions:
    """Returns interactions of each user with 3 to 8 consecutive items; names are "item 0" and "user 0"."""
    lengths = np.random.default_rng(0).integers(3, 9, users)
    walks = [(first + np.arange(length)) % items for first, length in zip(range(users), lengths, strict=True)]
    start = np.concatenate([[0], np.cumsum(lengths - 2)])
    train, validation, test = np.concatenate([walk[:-2] for walk in walks]), *np.array([walk[-2:] for walk in walks]).T
    names = [tuple(f"{kind} {n}" for n in range(number)) for kind, number in (("user", users), ("item", items))]
    arrays = (array.astype(np.int32) for array in (start, train, validation, test))
    return Interactions(*arrays, items, *names)


def ring_config(path: Path, *words: str) -> ConfigDict:
    """Returns the config of a small model without dropout, with a high learning rate."""
    learn = ["--config.model.dropout=0.", "--config.training.optimizer.learning_rate=3e-2"]
    numbers = {"total_steps": 60, "log_every": 20, "eval_every": 20}
    steps = [f"--config.training.{name}={number}" for name, number in numbers.items()]
    return load_config(f"{CONFIG}:debug", [f"--config.data.path={path}", *learn, *steps, *words])


def train(config: ConfigDict, workdir: Path) -> training.RunResult:
    """Trains on one device, which is fastest for such a small model."""
    mesh = parallel.make_mesh(MeshSpec(), jax.devices()[:1])
    spec = TrainingSpec.from_config(config.training)
    return training.run(build(config), spec, workdir, mesh, config=config.to_dict())
