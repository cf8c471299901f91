"""Chooses what fine-tuning starts from: released weights, an earlier run or an export, or a tiny model."""

from collections.abc import Sequence
from typing import Any

import jax
from etils import epath
from ml_collections import ConfigDict

from timesuite_jax.configs.timesuite.finetune import get_config
from timesuite_jax.errors import UserError
from timesuite_jax.port import expand
from timesuite_jax.port.sources import split_role
from timesuite_jax.registry.capabilities import Answers, check_capability
from timesuite_jax.registry.export_config import known_config
from timesuite_jax.registry.families import task_class
from timesuite_jax.storage.remote_path import absolute

TINY, RELEASED = "tiny", "released"


def starting_config(weights: Sequence[str], base: ConfigDict | None) -> ConfigDict | None:
    """Returns the config of the model to fine-tune, with its weights; None for the tiny model from scratch.

    Args:
      weights: "tiny", "released", the folder of a run, of an import or of an export, a file of weights, or files as
        ROLE=PATH; if empty, the tiny model where there is no accelerator, else the released weights.
      base: config that describes the model, in place of the one beside the weights.

    Raises:
      UserError: the weights do not exist, have no config, or are of a model that does not answer questions.
    """
    if len(weights) > 1 and (whole := {TINY, RELEASED}.intersection(weights)):
        raise UserError(f"--weights {min(whole)} is a whole model; give it without other --weights")
    if base is not None and list(weights) == [TINY]:
        raise UserError(f"--weights {TINY} has a config of its own; leave --config out, or give other weights")
    if base is not None:
        config = ConfigDict(base.to_dict())
        if weights:
            released: Any = get_config()
            _name_files(config, released.weights.files if list(weights) == [RELEASED] else weights)
    elif list(weights) == [TINY] or (not weights and jax.default_backend() == "cpu"):
        return None
    elif not weights or list(weights) == [RELEASED]:
        config = get_config()
    elif len(weights) == 1 and split_role(weights[0])[0] is None:
        config = _config_beside(weights[0])
    else:
        config = get_config()
        _name_files(config, weights)
    check_capability(task_class(config), Answers, "the config" if base is not None else ", ".join(weights))
    return config


def _config_beside(name: str) -> ConfigDict:
    """The config of a run or of weights, whose weights are these."""
    location = expand(name)
    if not location.exists():
        raise UserError(
            f"--weights {name} does not exist; give the folder of a run or of `timesuite port export`, a file of "
            f"weights, {TINY} or {RELEASED}"
        )
    found = known_config(location)
    if found is None:
        raise UserError(
            f"--weights {name} has no config.json, which describes the model; add --config, e.g. "
            "configs/timesuite/finetune.py"
        )
    config: Any = ConfigDict(found)
    if (location / "checkpoints").is_dir() or (location.is_file() and location not in _files(config)):
        config.weights = ConfigDict({"files": (str(absolute(location)),)})
    return config


def _files(config: Any) -> list[epath.Path]:
    """The weights that a config names; those of an export with `--trainable-only` are a part of the model."""
    return [expand(split_role(file)[1]) for file in config.get("weights", {}).get("files", ())]


def _name_files(config: Any, weights: Sequence[str]) -> None:
    """Replaces the files of weights; what may be missing from them is the config's."""
    config.weights = ConfigDict({**config.get("weights", {}), "files": tuple(weights)})
