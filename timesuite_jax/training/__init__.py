"""Training: the loop of every model family and the contract with it.

`run` trains a `Task` with the settings of a `TrainingSpec`; `optimizer.build` and `schedule.build` give its AdamW and
its learning rate. Nothing in here knows video, text or recommendation.
"""

from timesuite_jax.training import optimizer, schedule
from timesuite_jax.training.async_metrics import NonFiniteError
from timesuite_jax.training.config import OptimizerSpec, TrainingSpec
from timesuite_jax.training.evaluation import Evaluation
from timesuite_jax.training.loop import RunResult, run
from timesuite_jax.training.randomness import streams
from timesuite_jax.training.state import abstract_state
from timesuite_jax.training.step import make_step
from timesuite_jax.training.task import (
    Batch,
    Call,
    DataReport,
    DataStream,
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
