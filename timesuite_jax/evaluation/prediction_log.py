"""Predictions in a folder, so that an evaluation that was killed resumes.

`settings.json` stores everything that decides a prediction; `predictions-<process>.jsonl` has one line for each and is
only appended to. A line that a kill cut short is the last one; it is removed, and its example is answered again.
"""

import errno
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.result import result_text
from timesuite_jax.json_text import to_json
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.remote_path import is_remote
from timesuite_jax.storage.write_errors import explain_write_errors

_SETTINGS, _PREDICTIONS = "settings.json", "predictions-{}.jsonl"
_OPTIONAL = {"input"}  # absent in files of earlier versions, and of models that do not describe their inputs


class PredictionLog:
    """The predictions of one evaluation; each process appends to a file of its own and reads those of all.

    Args:
      folder: created if it does not exist; may be shared by the processes, or be local to each host.
      settings: JSON values that decide the predictions.
      process: index of this process.

    Raises:
      UserError: the folder has predictions of other settings, is in object storage, or cannot be written.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], process: int) -> None:
        if is_remote(folder):
            raise UserError(f"cannot append to files in {folder}; give a folder on a disk")
        self._folder, self._file = folder, folder / _PREDICTIONS.format(process)
        with explain_write_errors(folder, "folder"):
            folder.mkdir(parents=True, exist_ok=True)
            _check_settings(folder / _SETTINGS, json.loads(json.dumps(settings)))
            self._drop_torn_line()

    def read(self) -> dict[str, Any]:
        """Returns the stored predictions of all processes by example id, as JSON values: "prediction", maybe "input".

        Raises:
          UserError: a line in the middle of a file is damaged.
        """
        found = {}
        for file in sorted(self._folder.glob(_PREDICTIONS.format("*"))):
            complete, _, _ = file.read_bytes().rpartition(b"\n")  # the rest is a line cut short
            for number, line in enumerate(complete.split(b"\n") if complete else (), 1):
                try:
                    entry = json.loads(line)
                    found[entry["id"]] = {name: entry[name] for name in ("prediction", *_OPTIONAL & entry.keys())}
                except (ValueError, TypeError, KeyError) as error:
                    raise UserError(f"{file}: line {number} is damaged; remove the line, or the file") from error
        return found

    def append(self, predictions: Mapping[str, Mapping[str, Any]]) -> None:
        """Stores predictions with one write.

        Args:
          predictions: "prediction", and maybe "input", by example id.

        Raises:
          UserError: a prediction has a number that is NaN or infinite, or the file cannot be written.
        """
        lines = [_line(id, entry) for id, entry in predictions.items()]
        with explain_write_errors(self._file, "folder"), self._file.open("ab", buffering=0) as file:
            data = "".join(lines).encode()
            if file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # a partial write, whose last line is torn

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Writes a result, see `Result.as_json`, as `result.json`.

        Raises:
          UserError: the file cannot be written.
        """
        with explain_write_errors(self._folder, "folder"), atomic_write(self._folder / "result.json") as partial:
            partial.write_text(result_text(result), encoding="utf-8")

    def _drop_torn_line(self) -> None:
        if self._file.exists():
            data = self._file.read_bytes()
            if complete := len(data) - len(data.rpartition(b"\n")[2]):
                os.truncate(self._file, complete)
            else:
                self._file.unlink()


def _line(id: str, entry: Mapping[str, Any]) -> str:
    try:
        return json.dumps({"id": id, **entry}, allow_nan=False) + "\n"
    except ValueError as error:
        raise UserError(
            f"the model's prediction for {id} has a number that is NaN or infinite; check its weights, or take an "
            "earlier checkpoint"
        ) from error


def _check_settings(file: Path, settings: Mapping[str, Any]) -> None:
    """Stores the settings, or compares them with the stored ones."""
    if not file.exists():
        with atomic_write(file) as partial:
            partial.write_text(to_json(settings, indent=1) + "\n", encoding="utf-8")
        return
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        names: Sequence[str] = [name for name in {**stored, **settings} if stored.get(name) != settings.get(name)]
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{file} is damaged; remove {file.parent}, or give another folder") from error
    if names:
        changes = "; ".join(f"{name}: {stored.get(name)!r} there, {settings.get(name)!r} now" for name in names[:3])
        raise UserError(f"{file.parent} has predictions of other settings ({changes}); give another folder")
