"""AdamW (arXiv:1711.05101) with the original's two groups of parameters.

Follows TimeSuite's utils/optimizer.py (`create_optimizer`): no weight decay for vectors and biases. Stacked layers have
a leading "layers" axis here that the original's tensors do not have, so the rule counts an array's other axes.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn

from timesuite_jax import param_tree
from timesuite_jax.training import schedule
from timesuite_jax.training.config import TrainingSpec


def decayed(abstract_trainable: Mapping[str, Any]) -> dict[str, Any]:
    """True for each parameter that weight decay pulls on.

    Args:
      abstract_trainable: nested dict of `nn.LogicallyPartitioned` boxes (which know the "layers" axes) or of plain
        shapes (nothing stacked).
    """

    def rule(path: param_tree.ParamPath, leaf: Any) -> bool:
        if isinstance(leaf, nn.LogicallyPartitioned):
            ndim = len(leaf.value.shape) - leaf.names.count("layers")
        else:
            ndim = len(leaf.shape)
        return ndim > 1 and path[-1] != "bias"

    return param_tree.from_paths(
        {path: rule(path, leaf) for path, leaf in param_tree.leaves_with_paths(abstract_trainable)}
    )


def scale_by_adam_eps_hat(b1: float, b2: float, eps: float) -> optax.GradientTransformation:
    """Adam (arXiv:1412.6980) in the form of the end of its section 2, which TensorFlow 1 computes.

    There epsilon joins the root of the second moment before the bias is corrected: at step t it weighs as
    `eps / sqrt(1 - b2**t)` does in the usual form. The two differ where gradients are about as small as epsilon, as
    those of items that are hardly ever met.
    """

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, optax.ScaleByAdamState]:
        mu = optax.tree.update_moment(updates, state.mu, b1, 1)
        nu = optax.tree.update_moment_per_elem_norm(updates, state.nu, b2, 2)
        count = optax.safe_increment(state.count)
        correction = jnp.sqrt(1.0 - b2**count) / (1.0 - b1**count)
        updates = jax.tree.map(lambda m, v: correction * m / (jnp.sqrt(v) + eps), mu, nu)
        return updates, optax.ScaleByAdamState(count=count, mu=mu, nu=nu)

    return optax.GradientTransformation(optax.scale_by_adam(b1, b2).init, update)


def build(spec: TrainingSpec, abstract_trainable: Mapping[str, Any]) -> optax.GradientTransformation:
    """The optimizer of a run: clipping (if asked for), Adam, decay, schedule.

    Args:
      spec: of the run.
      abstract_trainable: the trainable parameters, as `decayed` takes them.
    """
    values = spec.optimizer
    adam = scale_by_adam_eps_hat if values.eps_hat else optax.scale_by_adam
    adamw = optax.chain(
        adam(b1=values.b1, b2=values.b2, eps=values.eps),
        optax.add_decayed_weights(values.weight_decay, decayed(abstract_trainable)),
        optax.scale_by_learning_rate(schedule.build(spec)),
    )
    if values.clip_norm is not None:
        adamw = optax.chain(optax.clip_by_global_norm(values.clip_norm), adamw)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        # optax raises a float to an integer power, which the strict promotion that this package is tested with forbids.
        with jax.numpy_dtype_promotion("standard"):
            return adamw.update(updates, state, params)

    return optax.GradientTransformation(adamw.init, update)
