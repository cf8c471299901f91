"""The one table of model families: where each family's task and port table are defined.

The table holds paths, not classes: a command imports only the family that it uses, and `timesuite port` imports no
task at all.
"""

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from timesuite_jax.config_spec import Config
from timesuite_jax.errors import UserError
from timesuite_jax.suggestions import did_you_mean

if TYPE_CHECKING:
    from timesuite_jax.registry.capabilities import FamilyTask


class Family(NamedTuple):
    """Import paths, "module:name", of what a family provides."""

    task: str  # class with `from_config(config)`, see capabilities.FamilyTask
    port: str  # a port.ModelPort


FAMILIES: Mapping[str, Family] = {
    "videochat_t": Family(
        "timesuite_jax.videochat_t.task:VideoChatTask", "timesuite_jax.videochat_t.port.loading_order:PORT"
    ),
    "internvideo2_encoder": Family(
        "timesuite_jax.internvideo2.encoder.task:EncoderTask", "timesuite_jax.internvideo2.encoder.port:PORT"
    ),
    "internvideo2_action": Family(
        "timesuite_jax.internvideo2.action.task:ActionTask", "timesuite_jax.internvideo2.action.port:PORT"
    ),
    "internvideo2_pretrain": Family(
        "timesuite_jax.internvideo2.stage1.task:PretrainTask", "timesuite_jax.internvideo2.stage1.port:PORT"
    ),
    "internvideo2_distill": Family(
        "timesuite_jax.internvideo2.distill.task:DistillTask", "timesuite_jax.internvideo2.distill.port:PORT"
    ),
    "internvideo2_video_text": Family(
        "timesuite_jax.internvideo2.stage2.task:VideoTextTask", "timesuite_jax.internvideo2.stage2.port:PORT"
    ),
    "internvideo2_grounding": Family(
        "timesuite_jax.internvideo2.grounding.task:GroundingTask", "timesuite_jax.internvideo2.grounding.port:PORT"
    ),
    "mqsa_ted": Family("timesuite_jax.mqsa_ted.task:MqsaTedTask", "timesuite_jax.mqsa_ted.port_table:PORT"),
}


def build(config: Config) -> "FamilyTask":
    """The task that a config describes.

    Raises:
      UserError: if `config.task` is unknown, or the task rejects its part of the config.
    """
    return task_class(config).from_config(config)


def task_class(config: Config) -> "type[FamilyTask]":
    """The class of the task that a config names.

    Raises:
      UserError: if `config.task` is unknown, with the nearest known name.
    """
    name: Any = config.get("task")
    if name in FAMILIES:
        return import_path(FAMILIES[name].task)
    hint = did_you_mean(str(name), FAMILIES) or f"known tasks are {', '.join(FAMILIES)}"
    raise UserError(f"config.task={name!r} is unknown; {hint}")


def import_path(path: str) -> Any:
    """Imports the module of "module:name" and returns the name's value."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
