"""Tasks of TimePro: how annotated spans, events and highlights become questions and answers, and back."""

from timesuite_jax.data.timepro.tasks.annotate import annotate
from timesuite_jax.data.timepro.tasks.table import TASKS
from timesuite_jax.data.timepro.tasks.task import Task

__all__ = ["TASKS", "Task", "annotate"]
