"""From a config to a task; from a run's folder to a task and its parameters."""

import difflib
import importlib
from collections.abc import Callable, Mapping
from typing import Any

from etils import epath
from ml_collections import ConfigDict

from timesuite_jax import training
from timesuite_jax.errors import UserError

# name -> where its class lies. Imported when asked for: a family must not make the others slower to start.
TASKS = {"videochat_t": ("timesuite_jax.tasks.videochat_t", "VideoChatTask")}


def build(config: Mapping[str, Any]) -> training.Task:
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


def load_run(
    workdir: epath.PathLike,
    *,
    step: int | None = None,
    change: Callable[[ConfigDict], None] = lambda config: None,
) -> tuple[training.Task, training.Params]:
    """The task of a run and the parameters it left.

    Args:
      workdir: of the run.
      step: which checkpoint; the newest if not given.
      change: changes the saved config in place before the task is built (corpora that have moved, for example).

    Raises:
      UserError: if the folder has no such checkpoint, or the changed config is another model's.
    """
    config = ConfigDict(training.read_config(workdir, step))
    if "task" not in config:
        raise UserError(f"{workdir} was not written by `timesuite train`: its checkpoint names no task")
    change(config)
    task = build(config)
    return task, training.restore_params(workdir, task.abstract_params(), step)
