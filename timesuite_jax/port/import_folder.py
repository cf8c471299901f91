"""Writes the result of an import.

OUT/params        parameters, an Orbax folder
OUT/port.json     the status of every key of every file
OUT/config.json   the model's config, if it is known
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from timesuite_jax.config_file import CONFIG_NAME, write_config
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json
from timesuite_jax.param_tree import ParamPath
from timesuite_jax.port.files.lazy_array import LazyArray
from timesuite_jax.port.files.orbax_writer import write_params
from timesuite_jax.port.report import LoadReport
from timesuite_jax.storage.write_errors import explain_write_errors


def write_import(
    folder: Path,
    leaves: Mapping[ParamPath, LazyArray],
    report: LoadReport,
    config: Mapping[str, Any] | None = None,
    *,
    allow_nan: bool = False,
) -> None:
    """Writes `folder/params`, `folder/port.json` and, if the config is known, `folder/config.json`, or nothing.

    Args:
      folder: new, or empty.
      leaves: what to write; each is read when it is written.
      report: content of `port.json`.
      config: of a model with these parameters.
      allow_nan: accept values that are NaN or infinite.

    Raises:
      UserError: if the folder is in use or cannot be written, or values are NaN or infinite.
    """
    with explain_write_errors(folder):
        in_use = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if in_use:
        raise UserError(f"{folder} is in use; give --out a new folder")
    try:
        with explain_write_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_params(folder / "params", leaves)
            if not allow_nan:
                report.check_finite()
            (folder / "port.json").write_text(to_json(report.to_json(), indent=1), encoding="utf-8")
            if config is not None:
                write_config(folder / CONFIG_NAME, config)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # it was new or empty, so all in it is from this import
        raise
