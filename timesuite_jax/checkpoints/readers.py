"""Reads a run's checkpoints without training: parameters, config, position in the data."""

from typing import Any

from etils import epath
from jax.sharding import Mesh

from timesuite_jax import parallel
from timesuite_jax.checkpoints.manager import Checkpoints
from timesuite_jax.checkpoints.step_selection import StepChoice
from timesuite_jax.config_file import resolve_paths
from timesuite_jax.param_tree import Params


def restore_params(
    workdir: epath.PathLike,
    abstract_params: Params,
    step: StepChoice = None,
    mesh: Mesh | None = None,
    rules: parallel.Rules | None = None,
) -> Params:
    """Restores all parameters of a run, for evaluation, generation and export.

    Args:
      workdir: of the run.
      abstract_params: a task's `abstract_params()`.
      step: which checkpoint, or "best"; the newest if not given.
      mesh: devices; the `data` axis of all devices (a copy on each) if not given.
      rules: logical axis -> mesh axes; the default table if not given.

    Raises:
      UserError: if there is no such checkpoint or it is of another model.
    """
    targets = parallel.abstract_arrays(abstract_params, mesh or parallel.make_mesh(), rules or parallel.DEFAULT_RULES)
    with Checkpoints(workdir, read_only=True) as checkpoints:
        return checkpoints.restore_params(checkpoints.check_step(step), targets)


def read_config(workdir: epath.PathLike, step: StepChoice = None) -> dict[str, Any]:
    """Returns the config of a run, as it was given to `training.run`, with the paths of the run's own copies of files.

    Raises:
      UserError: if there is no such checkpoint.
    """
    with Checkpoints(workdir, read_only=True) as checkpoints:
        config = checkpoints.read_json(checkpoints.check_step(step, "config"), "config")["config"]
        return resolve_paths(config, checkpoints.workdir)


def read_data_position(workdir: epath.PathLike, step: StepChoice = None) -> dict[str, Any]:
    """Returns a run's position in the data, as its stream's `get_state` returned it.

    Raises:
      UserError: if there is no such checkpoint.
    """
    with Checkpoints(workdir, read_only=True) as checkpoints:
        return checkpoints.read_json(checkpoints.check_step(step, "data"), "data")


def find_step(workdir: epath.PathLike, step: StepChoice = None) -> int:
    """Returns the number of an intact checkpoint: the given one, the best, or the newest.

    Raises:
      UserError: if there is no such checkpoint.
    """
    with Checkpoints(workdir, read_only=True) as checkpoints:
        return checkpoints.check_step(step)
