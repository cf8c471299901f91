"""The training runs of the quickstart in its work folder."""

import dataclasses
from pathlib import Path

from ml_collections import ConfigDict

from timesuite_jax import port
from timesuite_jax.apps.training_run import TaskT, train
from timesuite_jax.checkpoints.readers import restore_params
from timesuite_jax.internvideo2.action.task import ActionTask
from timesuite_jax.internvideo2.stage1.task import PretrainTask
from timesuite_jax.param_tree import Params
from timesuite_jax.registry.ports import PORTS


@dataclasses.dataclass(frozen=True)
class Pretrained:
    """A student with its teachers."""

    task: PretrainTask
    params: Params


@dataclasses.dataclass(frozen=True)
class Runs:
    """Trains each run in a folder of its own, or resumes it."""

    workdir: Path

    def folder(self, name: str) -> Path:
        """The folder of a run."""
        return self.workdir / "runs" / name

    def classifier(self, name: str, config: ConfigDict) -> tuple[ActionTask, Params]:
        """A classifier and its trained parameters.

        Raises:
          UserError: the inputs or the folder cannot be used, or SIGTERM stopped the run.
        """
        return self._trained(name, config, ActionTask)

    def pretrained(self, name: str, config: ConfigDict) -> Pretrained:
        """A pretrained student.

        Raises:
          UserError: the inputs or the folder cannot be used, or SIGTERM stopped the run.
        """
        return Pretrained(*self._trained(name, config, PretrainTask))

    def export_encoder(self, name: str, encoder: Params) -> Path:
        """Writes an encoder under upstream's names, as the file that another run starts from."""
        file = self.workdir / "encoders" / f"{name}.safetensors"
        source = port.TreeSource.of_params(PORTS["internvideo2_encoder"], encoder)
        port.export(source, file, port.ExportSpec(overwrite=True))
        return file

    def _trained(self, name: str, config: ConfigDict, kind: type[TaskT]) -> tuple[TaskT, Params]:
        task, _ = train(config, self.folder(name), kind)
        return task, restore_params(self.folder(name), task.abstract_params())
