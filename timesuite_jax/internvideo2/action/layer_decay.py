"""Learning rates that decrease from the head to the patches (`optim_factory.py` upstream)."""

import numpy as np

from timesuite_jax.param_tree import ParamPath
from timesuite_jax.training.task import LearningRateScale

# Upstream recognizes position embeddings by the name of the joint table; separate ones train at the full rate.
_LOWEST = (("cls_token",), ("positions", "table"), ("patch_embed", "kernel"), ("patch_embed", "bias"))


def layer_decay_scale(path: ParamPath, decay: float, depth: int) -> LearningRateScale:
    """Factor of a parameter's learning rate: 1 above the blocks, times `decay` for each block below.

    Args:
      path: of the classifier's parameters; blocks are stacked and have one value each.
      decay: factor from one block to the one below it.
      depth: number of blocks.
    """
    if decay == 1.0 or path[0] != "vision":
        return 1.0
    if path[1] == "blocks":
        return np.asarray([decay ** (depth - block) for block in range(depth)], np.float32)
    return decay ** (depth + 1) if path[1:] in _LOWEST else 1.0
