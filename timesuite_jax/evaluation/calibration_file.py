"""Temperatures of a run's probabilities, fitted on held-out data and kept beside the run.

`WORKDIR/calibration.json` has, for each kind of confidence, the temperature, what it was fitted on, and the checkpoint
whose answers these were: it is used for answers of that checkpoint alone.
"""

import dataclasses
import json
import logging
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
from etils import epath

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.calibration import Confidence
from timesuite_jax.json_text import to_json
from timesuite_jax.metrics.calibration import scale_temperature
from timesuite_jax.storage.atomic_write import replace_text
from timesuite_jax.storage.remote_path import to_path
from timesuite_jax.storage.write_errors import explain_write_errors

CALIBRATION_NAME = "calibration.json"
_KEPT = ("temperature", "n", "auroc", "ece_as_answered", "ece")
_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Temperatures by which the logits of probabilities are divided; None where none was fitted.

    Attributes:
      happens: of the probability that an event happens.
      confidences: of the confidence of a span.
    """

    happens: float | None = None
    confidences: float | None = None

    def scale(self, of: Confidence, probability: float) -> float:
        """Returns a calibrated probability; as it is where no temperature was fitted."""
        temperature = getattr(self, of)
        return probability if temperature is None else float(scale_temperature(np.array([probability]), temperature)[0])

    def __bool__(self) -> bool:
        """Whether a temperature was fitted."""
        return self.happens is not None or self.confidences is not None


UNCALIBRATED = Calibration()


def save_calibration(workdir: epath.PathLike, step: int, result: Mapping[str, Any]) -> epath.Path:
    """Stores the temperature that a result has, in place of an earlier one of the same kind; returns the file.

    Args:
      workdir: of the run.
      step: checkpoint that was evaluated.
      result: of `Result.as_json`, with `calibration`.

    Raises:
      UserError: no question has a confidence, or the file cannot be read or written.
    """
    report, settings = result.get("calibration"), result["settings"]
    if report is None:
        raise UserError("no answer has a confidence to calibrate; evaluate questions for times, with --answers auto")
    if report["auroc"] is None:
        raise UserError("all events of these data are alike, so that nothing can be fitted; add the other kind")
    file = to_path(workdir) / CALIBRATION_NAME
    entry = {name: report[name] for name in _KEPT if name in report}
    about = {name: settings[name] for name in ("benchmark", "benchmark.corpora", "weights") if name in settings}
    content = {**_read(file), report["of"]: {**entry, "step": step, **about}}
    with explain_write_errors(to_path(workdir), "work folder"):
        replace_text(file, to_json(content, indent=2) + "\n")
    return file


def read_calibration(workdir: epath.PathLike, step: int) -> Calibration:
    """Returns the temperatures of a checkpoint; logs a warning where there are those of another one.

    Raises:
      UserError: the file is damaged.
    """
    entries = _read(to_path(workdir) / CALIBRATION_NAME)
    found = {of: entry for of, entry in entries.items() if entry["step"] == step}
    for of in entries.keys() - found.keys():
        _log.warning(
            "%s of %s: fitted for checkpoint %s, not used for %d; `timesuite evaluate --calibrate` fits it again",
            of, CALIBRATION_NAME, entries[of]["step"], step,
        )  # fmt: skip
    return Calibration(**{of: float(entry["temperature"]) for of, entry in found.items()})


def _read(file: epath.Path) -> dict[str, dict[str, Any]]:
    """The entries of a file, by kind of confidence; none if it does not exist."""
    if not file.exists():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return {of: _checked(entry) for of, entry in content.items() if of in get_args(Confidence)}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        remedy = "remove it, or fit it again with `timesuite evaluate --calibrate`"
        raise UserError(f"{file} is damaged ({error}); {remedy}") from error


def _checked(entry: dict[str, Any]) -> dict[str, Any]:
    """Returns an entry.

    Raises:
      ValueError: its temperature is no positive number, or its step no whole one.
    """
    if not (0 < float(entry["temperature"]) < float("inf") and isinstance(entry["step"], int)):
        raise ValueError(f"temperature {entry['temperature']!r} of step {entry['step']!r}")
    return entry
