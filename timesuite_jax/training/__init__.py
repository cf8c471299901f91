"""Training: the one loop that every family goes through, and what it needs.

`run` trains a `Task` as a `TrainingSpec` says; `restore_params` and `read_config` read what it left; `optimizer.build`
and `schedule.build` give its AdamW and learning rate. Nothing in here knows of video, text or recommendation.
"""

from timesuite_jax.training import ahead_of_time, optimizer, schedule
from timesuite_jax.training.ahead_of_time_report import Report, print_reports
from timesuite_jax.training.checkpoint import Step, find_step, read_config, read_data_position, restore_params
from timesuite_jax.training.config import OptimizerSpec, TrainingSpec
from timesuite_jax.training.heap import share_arenas
from timesuite_jax.training.in_flight import NonFiniteError
from timesuite_jax.training.loop import RunResult, run
from timesuite_jax.training.randomness import streams
from timesuite_jax.training.selection import Best
from timesuite_jax.training.state import abstract_state
from timesuite_jax.training.step import make_step
from timesuite_jax.training.task import Batch, Call, DataIterator, Evaluation, Import, Sums, Task, evaluation_figures
from timesuite_jax.training.train_state import TrainState

__all__ = [
    "Batch",
    "Best",
    "Call",
    "DataIterator",
    "Evaluation",
    "Import",
    "NonFiniteError",
    "OptimizerSpec",
    "Report",
    "RunResult",
    "Step",
    "Sums",
    "Task",
    "TrainState",
    "TrainingSpec",
    "abstract_state",
    "ahead_of_time",
    "evaluation_figures",
    "find_step",
    "make_step",
    "optimizer",
    "print_reports",
    "read_config",
    "read_data_position",
    "restore_params",
    "run",
    "schedule",
    "share_arenas",
    "streams",
]
