"""The config that is stored beside imported or exported weights, with every field of the model."""

from collections.abc import Mapping, Sequence
from typing import Any

from etils import epath

from timesuite_jax.checkpoints.run_files import copy_files, name_copies
from timesuite_jax.checkpoints.step_selection import StepChoice
from timesuite_jax.config_file import CONFIG_NAME, find_config, write_config
from timesuite_jax.errors import UserError
from timesuite_jax.port import expand
from timesuite_jax.port.hf_export import tokenizer_files
from timesuite_jax.registry.families import task_class
from timesuite_jax.registry.loaded import run_config
from timesuite_jax.storage.write_errors import explain_write_errors


def known_config(location: epath.Path, step: StepChoice = None) -> dict[str, Any] | None:
    """The config of a run, or the one beside weights, with every field of the model; None if there is none.

    Args:
      location: folder of a run, of an import or of an export, or a file of weights.
      step: which checkpoint of a run.

    Raises:
      UserError: if the run has no such checkpoint, or the config is damaged.
    """
    if (location / "checkpoints").is_dir():
        return expanded(run_config(location, step=step))
    config = find_config(location if location.is_dir() else location.parent)
    return None if config is None else expanded(config)


def expanded(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config with every field of the model, as JSON values.

    Raises:
      UserError: if it names no known task, or its model is invalid.
    """
    return {**config, "model": task_class(config).model_config(config)}


def with_files(config: Mapping[str, Any], files: Sequence[str]) -> dict[str, Any]:
    """The config with other files of weights, which have all of them; "./x" is a file in the folder of the config."""
    return {**config, "weights": {"files": list(files)}}


def check_beside(weights: epath.Path, config: Mapping[str, Any], *, overwrite: bool) -> bool:
    """Checks whether a config can be written to the folder of exported weights.

    A config of the same model, from another export, is kept: it names the file of that one.

    Returns:
      Whether it is to be written.

    Raises:
      UserError: if the folder has a config of another model, which may not be overwritten.
    """
    path = weights.parent / CONFIG_NAME
    if overwrite or not path.exists():
        return True
    found = find_config(path.parent)
    if found is None or (found["task"], expanded(found)["model"]) != (config["task"], config["model"]):
        raise UserError(
            f"{path} exists and is of another model; give --out a folder of its own, or --overwrite to replace it"
        )
    return False


def write_beside(weights: epath.Path, config: Mapping[str, Any]) -> epath.Path:
    """Writes the config to the folder of exported weights, with copies of its tokenizers; returns its path."""
    path = weights.parent / CONFIG_NAME
    with explain_write_errors(path):
        write_config(path, _with_tokenizers(config, weights.parent))
    return path


def _with_tokenizers(config: Mapping[str, Any], folder: epath.Path) -> dict[str, Any]:
    """The config, whose tokenizers are copied to the folder if they exist."""
    found = {f"text.{key}": tokenizer_files(expand(location)) for key, location in config.get("text", {}).items()}
    files = {key: paths for key, paths in found.items() if paths}
    copy_files(folder, files)
    return name_copies(config, files)
