"""Short training runs of small configs."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

from timesuite_jax import parallel, param_tree, registry, training
from timesuite_jax.parallel import MeshSpec
from timesuite_jax.training import TrainingSpec


def train(config: ConfigDict, folder: Path, steps: int) -> training.RunResult:
    """Trains on one device at a constant rate, so that a run that is stopped has the schedule of a whole one."""
    config.training.update(total_steps=steps, log_every=10, save_every=steps)
    config.training.optimizer.update(warmup_steps=0.0, min_lr_ratio=1.0)
    mesh = parallel.make_mesh(MeshSpec(), jax.devices()[:1])
    return training.run(registry.build(config), TrainingSpec.from_config(config.training), folder, mesh)


def leaves(tree: Any) -> dict[tuple[str, ...], np.ndarray]:
    """Parameters by path."""
    return {path: np.asarray(leaf) for path, leaf in param_tree.leaves_with_paths(jax.device_get(tree))}
