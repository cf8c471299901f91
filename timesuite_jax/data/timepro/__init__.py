"""TimePro annotations: reading them, and the tasks that turn them into questions and answers."""

from timesuite_jax.data.timepro.annotation import AnnotatedSpans, Annotation
from timesuite_jax.data.timepro.annotations import read_annotations
from timesuite_jax.data.timepro.tasks import TASKS, annotate

__all__ = ["TASKS", "AnnotatedSpans", "Annotation", "annotate", "read_annotations"]
