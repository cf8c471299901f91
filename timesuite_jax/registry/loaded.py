"""From a run's folder or a config to a model that is ready to use."""

import dataclasses
import functools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from etils import epath
from jax.sharding import Mesh
from ml_collections import ConfigDict

from timesuite_jax import parallel
from timesuite_jax.checkpoints.readers import read_config, read_data_position, restore_params
from timesuite_jax.checkpoints.step_selection import StepChoice
from timesuite_jax.config_spec import Config
from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.calibration_file import UNCALIBRATED, Calibration
from timesuite_jax.param_tree import Params
from timesuite_jax.registry.capabilities import ChecksPosition, ChecksReadiness, Evaluates, check_capability
from timesuite_jax.registry.families import task_class
from timesuite_jax.registry.layout import inference_layout
from timesuite_jax.registry.run_calibration import run_calibration
from timesuite_jax.registry.weights import load_all, named_weights

Capability = TypeVar("Capability")
Args = ParamSpec("Args")
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True)
class Loaded(Generic[Capability]):
    """A task with its parameters on a mesh.

    Attributes:
      task: has the requested capability.
      params: all parameters, sharded over the mesh; to compute with them use `run`.
      mesh: devices that the parameters are on.
      rules: logical axis -> mesh axes.
      config: of the run, or the one given to `load`.
      calibration: temperatures that are kept beside the run, for confidences of answers.
    """

    task: Capability
    params: Params
    mesh: Mesh
    rules: parallel.Rules
    config: Mapping[str, Any]
    calibration: Calibration = UNCALIBRATED

    def run(
        self, function: Callable[Concatenate[Params, Args], Result], *args: Args.args, **kwargs: Args.kwargs
    ) -> Result:
        """Calls `function(params, *args, **kwargs)` on the mesh: batches are sharded over the parameters' devices."""
        with parallel.mesh_context(self.mesh, self.rules):
            return function(self.params, *args, **kwargs)


@dataclasses.dataclass(frozen=True)
class Model(Generic[Capability]):
    """A task that is ready but for its parameters, which may take minutes to read; for the fields see `Loaded`."""

    task: Capability
    config: Mapping[str, Any]
    calibration: Calibration
    _abstract_params: Callable[[], Params]
    _read: Callable[..., Params]  # abstract parameters, `mesh` and `rules` -> parameters

    def load(self) -> Loaded[Capability]:
        """Reads the parameters.

        Raises:
          UserError: if they are missing or do not fit the config.
        """
        abstract = self._abstract_params()
        mesh, rules = inference_layout(self.config, abstract)
        params = self._read(abstract, mesh=mesh, rules=rules)
        return Loaded(self.task, params, mesh, rules, self.config, self.calibration)


def load(
    source: epath.PathLike | Config,
    needs: type[Capability],
    *,
    step: StepChoice = None,
    data: Sequence[str] = (),
    config: Config | None = None,
) -> Loaded[Capability]:
    """Loads a model with its parameters; see `open_model`, which checks everything but these."""
    return open_model(source, needs, step=step, data=data, config=config).load()


def open_model(
    source: epath.PathLike | Config,
    needs: type[Capability],
    *,
    step: StepChoice = None,
    data: Sequence[str] | None = (),
    config: Config | None = None,
) -> Model[Capability]:
    """Finds a model and checks it, before its parameters are read.

    Args:
      source: folder of a training run, or a config whose `weights.files` have every parameter.
      needs: a capability, e.g. `registry.Answers`.
      step: number of a run's checkpoint, or "best"; the newest if not given.
      data: paths that replace the config's data (corpora, or a file of interactions); None: it is not needed.
      config: replaces a run's own, see `run_config`: other tokenizers, data or options of evaluation.

    Raises:
      UserError: if there is no such model, it lacks the capability, its tokenizers or data are missing, or the data are
        not those that the checkpoint was trained on.
    """
    is_config = isinstance(source, Mapping | ConfigDict)
    config = _as_dict(source if is_config else config or run_config(source, step=step))
    name = "the config" if is_config else os.fspath(source)
    cls = task_class(config)
    check_capability(cls, needs, name)
    if data:
        config = cls.replace_data(config, data)
    task: Any = cls.from_config(config)
    calibration = UNCALIBRATED if is_config else run_calibration(source, step)
    if is_config:
        read = functools.partial(load_all, named_weights(task, config))
    else:
        _check_position(task, source, step)
        read = functools.partial(restore_params, source, step=step)
    _check_ready(task, weights=is_config, evaluate=needs is Evaluates and data is not None)
    return Model(task, config, calibration, task.abstract_params, read)


def _check_ready(task: object, *, weights: bool, evaluate: bool) -> None:
    if isinstance(task, ChecksReadiness):
        task.check_ready(weights=weights, evaluate=evaluate)


def _check_position(task: object, workdir: epath.PathLike, step: StepChoice) -> None:
    if isinstance(task, ChecksPosition):
        task.check_position(read_data_position(workdir, step), os.fspath(workdir))


def run_config(workdir: epath.PathLike, *, step: StepChoice = None) -> dict[str, Any]:
    """The config of a run, with the paths of the run's own copies of files.

    Raises:
      UserError: if the folder has no such checkpoint, or `timesuite train` did not write it.
    """
    config = read_config(workdir, step)
    if "task" not in config:
        raise UserError(
            f"{workdir} was not written by `timesuite train`: the config in its checkpoint has no task; give another "
            "folder"
        )
    return config


def _as_dict(config: Config) -> dict[str, Any]:
    return config.to_dict() if isinstance(config, ConfigDict) else dict(config)
