"""Training: the one loop that every family goes through, and what it needs.

`run` trains a `Task` as a `TrainingSpec` says; `restore_params` and `read_config` read what it left; `optimizer.build`
and `schedule.build` give its AdamW and learning rate. Nothing in here knows of video, text or recommendation.
"""

from timesuite_jax.training import optimizer, schedule
from timesuite_jax.training.async_metrics import NonFiniteError
from timesuite_jax.training.config import OptimizerSpec, TrainingSpec
from timesuite_jax.training.loop import RunResult, run
from timesuite_jax.training.randomness import streams
from timesuite_jax.training.state import abstract_state
from timesuite_jax.training.step import make_step
from timesuite_jax.training.task import (
    Batch,
    Call,
    DataReport,
    DataStream,
    Evaluation,
    InitialWeights,
    MetricSums,
    Task,
    evaluation_metric_names,
)

__all__ = [
    "Batch",
    "Call",
    "DataReport",
    "DataStream",
    "Evaluation",
    "InitialWeights",
    "MetricSums",
    "NonFiniteError",
    "OptimizerSpec",
    "RunResult",
    "Task",
    "TrainingSpec",
    "abstract_state",
    "evaluation_metric_names",
    "make_step",
    "optimizer",
    "run",
    "schedule",
    "streams",
]
