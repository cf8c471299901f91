"""AdamW (arXiv:1711.05101) with weight decay and learning-rate scales by parameter.

Follows TimeSuite's utils/optimizer.py (`create_optimizer`): no weight decay for vectors and biases. Stacked layers have
a leading "layers" axis here that the original's tensors do not have, so the rule counts an array's other axes.
"""

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Float

from timesuite_jax import param_tree
from timesuite_jax.layers.logical_sharding import split_box
from timesuite_jax.training import schedule
from timesuite_jax.training.config import TrainingSpec
from timesuite_jax.training.task import LearningRateScale


def decay_mask(abstract_trainable: Mapping[str, Any], no_decay: Sequence[str]) -> dict[str, Any]:
    """True for each parameter with weight decay: matrices (or more axes) that match no pattern.

    Args:
      abstract_trainable: nested dict of anything with a shape, boxed with its logical axes where layers are stacked.
      no_decay: glob patterns of paths such as "vision/pos_embed", without decay.
    """

    def is_decayed(path: param_tree.ParamPath, leaf: Any) -> bool:
        names, value = split_box(leaf)
        ndim = len(value.shape) - names.count("layers")
        return ndim > 1 and not any(fnmatch.fnmatchcase("/".join(path), pattern) for pattern in no_decay)

    return param_tree.from_paths(
        {path: is_decayed(path, leaf) for path, leaf in param_tree.leaves_with_paths(abstract_trainable)}
    )


def scale_by_adam_eps_hat(b1: float, b2: float, eps: float) -> optax.GradientTransformation:
    """Adam (arXiv:1412.6980) in the form of the end of its section 2, which TensorFlow 1 computes.

    There epsilon is added to the root of the second moment before the bias correction: at step t it weighs as
    `eps / sqrt(1 - b2**t)` does in the usual form. The two differ where gradients are about as small as epsilon, as
    those of rare items are.
    """

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, optax.ScaleByAdamState]:
        mu = optax.tree.update_moment(updates, state.mu, b1, 1)
        nu = optax.tree.update_moment_per_elem_norm(updates, state.nu, b2, 2)
        count = optax.safe_increment(state.count)
        correction = jnp.sqrt(1.0 - b2**count) / (1.0 - b1**count)
        updates = jax.tree.map(lambda m, v: correction * m / (jnp.sqrt(v) + eps), mu, nu)
        return updates, optax.ScaleByAdamState(count=count, mu=mu, nu=nu)

    return optax.GradientTransformation(optax.scale_by_adam(b1, b2).init, update)


def _scale_by_path(
    abstract_trainable: Mapping[str, Any], learning_rate_scale: Callable[[param_tree.ParamPath], LearningRateScale]
) -> optax.GradientTransformation | None:
    """Multiplies each parameter's update by its scale; None where all scales are 1, which leaves the step unchanged.

    Raises:
      ValueError: if a scale of one value a layer does not fit the parameter's first axis.
    """

    def scale_of(path: param_tree.ParamPath, leaf: Any) -> Float[np.ndarray, "..."]:
        shape = split_box(leaf)[1].shape
        scale = np.asarray(learning_rate_scale(path), np.float32)
        if scale.ndim and (not shape or scale.shape != shape[:1]):
            raise ValueError(
                f"learning_rate_scale of {'/'.join(path)} has shape {scale.shape}, the parameter has {shape}; return "
                "a number, or one value for each layer on the parameter's first axis"
            )
        return scale.reshape(scale.shape + (1,) * (len(shape) - 1)) if scale.ndim else scale

    scales = {path: scale_of(path, leaf) for path, leaf in param_tree.leaves_with_paths(abstract_trainable)}
    if all(np.all(scale == 1) for scale in scales.values()):
        return None
    tree = param_tree.from_paths(scales)
    return optax.stateless(
        lambda updates, params: jax.tree.map(lambda update, scale: update * scale.astype(update.dtype), updates, tree)
    )


def build(
    spec: TrainingSpec,
    abstract_trainable: Mapping[str, Any],
    learning_rate_scale: Callable[[param_tree.ParamPath], LearningRateScale] = lambda path: 1.0,
    is_statistic: Callable[[param_tree.ParamPath], bool] = lambda path: False,
) -> optax.GradientTransformation:
    """The optimizer of a run: clipping (if configured), Adam, weight decay, schedule, learning-rate scales.

    Args:
      spec: of the run.
      abstract_trainable: the trainable parameters, as `decay_mask` takes them.
      learning_rate_scale: factor of the learning rate, and so of weight decay, by parameter path.
      is_statistic: whether the update of a parameter is its gradient, see `Task.is_statistic`.

    Raises:
      ValueError: if a scale of one value a layer does not fit its parameter.
    """
    values = spec.optimizer
    adam = scale_by_adam_eps_hat if values.eps_hat else optax.scale_by_adam
    parts = [
        adam(b1=values.b1, b2=values.b2, eps=values.eps),
        optax.add_decayed_weights(values.weight_decay, decay_mask(abstract_trainable, values.no_decay)),
        optax.scale_by_learning_rate(schedule.build(spec)),
    ]
    if scales := _scale_by_path(abstract_trainable, learning_rate_scale):
        parts.append(scales)
    adamw = optax.chain(*parts)
    if values.clip_norm is not None:
        adamw = optax.chain(optax.clip_by_global_norm(values.clip_norm), adamw)

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        # optax raises a float to an integer power, which the strict promotion that this package is tested with forbids.
        statistics, gradients = param_tree.split(updates, is_statistic)
        zeros = jax.tree.map(jnp.zeros_like, statistics)  # no part of the gradients' norm
        with jax.numpy_dtype_promotion("standard"):
            updates, state = adamw.update(param_tree.merge(gradients, zeros), state, params)
        optimized = param_tree.split(updates, is_statistic)[1]
        return param_tree.merge(optimized, statistics), state

    return optax.GradientTransformation(adamw.init, update)
