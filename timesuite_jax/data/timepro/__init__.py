"""TimePro annotations."""

from timesuite_jax.data.timepro.annotations import TASKS, Annotation, read_annotations

__all__ = ["TASKS", "Annotation", "read_annotations"]
