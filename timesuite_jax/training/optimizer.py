"""AdamW (arXiv:1711.05101) with the original's two groups of parameters.

Follows TimeSuite's utils/optimizer.py (`create_optimizer`): no weight decay for vectors and biases. Stacked layers have
a leading "layers" axis here that the original's tensors do not have, so the rule counts an array's other axes.
"""

from collections.abc import Mapping
from typing import Any

import jax
import optax
from flax import linen as nn

from timesuite_jax import tree
from timesuite_jax.training import schedule
from timesuite_jax.training.config import TrainingSpec


def decayed(abstract_trainable: Mapping[str, Any]) -> dict[str, Any]:
    """True for each parameter that weight decay pulls on.

    Args:
      abstract_trainable: nested dict of `nn.LogicallyPartitioned` boxes (which know the "layers" axes) or of plain
        shapes (nothing stacked).
    """

    def rule(path: tree.Path, leaf: Any) -> bool:
        if isinstance(leaf, nn.LogicallyPartitioned):
            ndim = len(leaf.value.shape) - leaf.names.count("layers")
        else:
            ndim = len(leaf.shape)
        return ndim > 1 and path[-1] != "bias"

    return tree.from_paths({path: rule(path, leaf) for path, leaf in tree.leaves_with_paths(abstract_trainable)})


def build(spec: TrainingSpec, abstract_trainable: Mapping[str, Any]) -> optax.GradientTransformation:
    """The optimizer of a run: clipping (if asked for), Adam, decay, schedule.

    Args:
      spec: of the run.
      abstract_trainable: the trainable parameters, as `decayed` takes them.
    """
    values = spec.optimizer
    adamw = optax.adamw(
        schedule.build(spec),
        b1=values.b1,
        b2=values.b2,
        eps=values.eps,
        weight_decay=values.weight_decay,
        mask=decayed(abstract_trainable),
    )
    if values.clip_norm is not None:
        adamw = optax.chain(optax.clip_by_global_norm(values.clip_norm), adamw)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        # optax raises a float to an integer power, which the strict promotion that this package is tested with forbids.
        with jax.numpy_dtype_promotion("standard"):
            return adamw.update(updates, state, params)

    return optax.GradientTransformation(adamw.init, update)
