"""Reads all parameters of a model from the files that its config names, without a training run."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh

from timesuite_jax import parallel, param_tree, training
from timesuite_jax.errors import UserError
from timesuite_jax.param_tree import Params


def named_weights(task: training.Task, config: Mapping[str, Any]) -> training.InitialWeights:
    """The weights that a config names.

    Raises:
      UserError: if it names no files.
    """
    weights = task.initial_weights()
    if weights is None or not config.get("weights", {}).get("files"):
        raise UserError(
            "config.weights.files is empty, but a model needs weights; name files, e.g. "
            "--config.weights.files=\"('model.safetensors',)\", or give a training run with --workdir"
        )
    return weights


def load_all(weights: training.InitialWeights, abstract_params: Params, mesh: Mesh, rules: parallel.Rules) -> Params:
    """All parameters of a model, sharded over the mesh.

    Raises:
      UserError: if a parameter is missing or not finite.
    """
    targets = parallel.abstract_arrays(abstract_params, mesh, rules)
    params = weights.load(targets)
    found = {path for path, _ in param_tree.leaves_with_paths(params)}
    missing = ["/".join(path) for path, _ in param_tree.leaves_with_paths(targets) if path not in found]
    if missing:
        raise UserError(
            f"{weights.source}: {len(missing)} parameters are missing, among them {', '.join(missing[:3])}; "
            "config.weights.expect_missing applies to training only, inference needs all parameters: add the file that "
            "contains them"
        )
    if broken := _not_finite(params):
        raise UserError(
            f"{weights.source}: {len(broken)} parameters contain NaN or infinity, among them {', '.join(broken[:3])}; "
            "give intact files"
        )
    return params


def _not_finite(params: Params) -> list[str]:
    """Names of the parameters with a value that is NaN or infinite."""
    finite = jax.jit(lambda params: jax.tree.map(lambda leaf: jnp.all(jnp.isfinite(leaf)), params))(params)
    return ["/".join(path) for path, is_finite in param_tree.leaves_with_paths(jax.device_get(finite)) if not is_finite]
