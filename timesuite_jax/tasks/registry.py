"""From a config to a task; from a run's folder to a task and its parameters."""

import difflib
import importlib
from typing import TYPE_CHECKING

from etils import epath
from ml_collections import ConfigDict

from timesuite_jax import training
from timesuite_jax.errors import UserError
from timesuite_jax.specs import Config

if TYPE_CHECKING:
    from timesuite_jax.tasks.videochat_t import VideoChatTask

# name -> where its class lies. Imported when asked for: a family must not make the others slower to start.
TASKS = {
    "videochat_t": ("timesuite_jax.tasks.videochat_t", "VideoChatTask"),
    "mqsa_ted": ("timesuite_jax.tasks.mqsa_ted", "MqsaTedTask"),
}


def build(config: Config) -> training.Task:
    """The task that a config describes.

    Raises:
      UserError: if `config.task` names none, or the task finds something wrong with its own part.
    """
    name = config.get("task")
    if name not in TASKS:
        near = difflib.get_close_matches(str(name), TASKS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(TASKS)}"
        raise UserError(f"config.task={name!r} is unknown; {hint}")
    module, cls = TASKS[name]
    return getattr(importlib.import_module(module), cls).from_config(config)


def load_chat(workdir: epath.PathLike, *, step: int | None = None) -> "tuple[VideoChatTask, training.Params]":
    """As `load_run`, of a run that answers questions about videos.

    Raises:
      UserError: also if the run is of another family.
    """
    from timesuite_jax.tasks.videochat_t import VideoChatTask

    task, params = load_run(workdir, step=step)
    if not isinstance(task, VideoChatTask):
        raise UserError(f"{workdir} holds a {task.name} run, which answers no questions; give one of VideoChat-T")
    return task, params


def load_run(workdir: epath.PathLike, *, step: int | None = None) -> tuple[training.Task, training.Params]:
    """The task of a run and the parameters it left.

    Args:
      workdir: of the run.
      step: which checkpoint; the newest if not given.

    Raises:
      UserError: if the folder has no such checkpoint, or what its config names (tokenizers, say) is not there any more.
    """
    config = ConfigDict(training.read_config(workdir, step))
    if "task" not in config:
        raise UserError(f"{workdir} was not written by `timesuite train`: its checkpoint names no task")
    task = build(config)
    return task, training.restore_params(workdir, task.abstract_params(), step)
