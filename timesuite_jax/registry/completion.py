"""The complete config of a run: every field, also those that a config leaves at their defaults."""

from typing import TYPE_CHECKING, Any

from timesuite_jax.config_spec import Config, as_json
from timesuite_jax.training import TrainingSpec

if TYPE_CHECKING:
    from timesuite_jax.registry.capabilities import FamilyTask


def complete_config(config: Config, task: "FamilyTask", spec: TrainingSpec) -> dict[str, Any]:
    """Returns a config, as JSON values, that describes the same run whatever the defaults of a later version are.

    Args:
      config: of the run.
      task: made of it.
      spec: of its training.
    """
    model = type(task).model_config({**config})
    return {"task": task.name, **as_json(task.config), "model": model, "training": as_json(spec)}
