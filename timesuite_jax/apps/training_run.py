"""Trains from a config within an app: with a complete config in the work folder, resumed if it was interrupted."""

from pathlib import Path
from typing import TypeVar

from ml_collections import ConfigDict

from timesuite_jax import training
from timesuite_jax.errors import UserError
from timesuite_jax.registry import build, complete_config

TaskT = TypeVar("TaskT", bound=training.Task)


def train(config: ConfigDict, workdir: Path, kind: type[TaskT]) -> tuple[TaskT, training.DataReport]:
    """Trains a model, or resumes its training.

    Args:
      config: of the run.
      workdir: of the run.
      kind: class of the config's task.

    Returns:
      The task, and what became of the samples that were read in this call.

    Raises:
      UserError: the inputs or the folder cannot be used, or SIGTERM stopped the run.
      KeyboardInterrupt: Ctrl-C stopped it; the checkpoint is saved.
    """
    given = config.to_dict()
    task = build(given)
    assert isinstance(task, kind)
    spec = training.TrainingSpec.from_config(given["training"])
    complete = complete_config(given, task, spec)
    result = training.run(task, spec, workdir, config=complete)
    if result.code:
        raise KeyboardInterrupt
    if result.interrupted:
        raise UserError(f"stopped at step {result.step}; run the same command to resume")
    return task, result.data_report
