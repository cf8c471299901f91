"""Temperatures that are kept beside the checkpoint of a run."""

from etils import epath

from timesuite_jax.checkpoints.readers import find_step
from timesuite_jax.checkpoints.step_selection import StepChoice
from timesuite_jax.evaluation.calibration_file import CALIBRATION_NAME, UNCALIBRATED, Calibration, read_calibration
from timesuite_jax.storage.remote_path import to_path


def run_calibration(workdir: epath.PathLike, step: StepChoice) -> Calibration:
    """Returns the temperatures of a run's checkpoint, whose number is looked up only if there are some.

    Args:
      workdir: of the run.
      step: number of the checkpoint, or "best"; None: the newest.

    Raises:
      UserError: the file of temperatures is damaged, or there is no such checkpoint.
    """
    if not (to_path(workdir) / CALIBRATION_NAME).exists():
        return UNCALIBRATED
    return read_calibration(workdir, find_step(workdir, step))
