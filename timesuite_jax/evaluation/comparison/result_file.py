"""Reads result files: those of `timesuite evaluate --results` or `--json`, and of `timesuite score --json`."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.comparison.stored_answers import read_stored_answers

_NO_METRICS = {"n", "dropped"}
_COVERAGE = re.compile(r"(.+?) \((.*)\)")
_REMEDY = (
    "give a file or folder of `timesuite evaluate --results`, or what `timesuite evaluate --json` or `timesuite score "
    "--json` prints"
)


@dataclass(frozen=True)
class StoredExample:
    """A scored example.

    Attributes:
      id: of the example.
      group: its cluster, e.g. its video; None if it is not recorded.
      scores: values of metrics; NaN where it does not count.
      prediction: answer and truth.
      shown: what the model was shown; None if it is not recorded.
    """

    id: str
    group: str | None
    scores: Mapping[str, float]
    prediction: Mapping[str, Any]
    shown: Mapping[str, Any] | None


@dataclass(frozen=True)
class ResultFile:
    """A result.

    Attributes:
      path: of the file.
      metrics: by name, without what they are over.
      settings: what decided the answers.
      examples: by id; empty if they are not recorded.
      missing_videos: names of videos that were not there.
      dropped: reasons by id of the examples that are not scored.
      complete: whether the file has everything that this version records.
    """

    path: Path
    metrics: Mapping[str, float]
    settings: Mapping[str, Any]
    examples: Mapping[str, StoredExample] = field(default_factory=dict, repr=False)
    missing_videos: Sequence[str] = ()
    dropped: Mapping[str, str] = field(default_factory=dict, repr=False)
    complete: bool = True
    unit: str = "videos"


def read_result(path: Path) -> ResultFile:
    """Reads a result file, or the one of a folder.

    Raises:
      UserError: there is no such file, it is damaged, or it has another form.
    """
    file = path / "result.json" if path.is_dir() else path
    if not file.is_file():
        unfinished = path.is_dir() and (path / "settings.json").is_file()
        hint = "its evaluation has not finished; run the same command again" if unfinished else _REMEDY
        raise UserError(f"there is no result {file}: {hint}")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file} is not JSON; {_REMEDY}") from error
    if not isinstance(content, dict) or not isinstance(content.get("settings"), dict):
        raise UserError(f"{file} has no settings, so it is not a result; {_REMEDY}")
    try:
        return _parse(file, content)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UserError(f"{file} is damaged ({type(error).__name__}: {error}); evaluate again") from error


def _parse(file: Path, content: Mapping[str, Any]) -> ResultFile:
    complete = "format" in content
    listed = content.get("examples", [])
    examples = {one["id"]: _example(one) for one in listed}
    if len(examples) < len(listed):
        raise ValueError("two examples have one id")
    if not complete:
        stored = read_stored_answers(file.parent)
        examples = {id: StoredExample(id, one.get("source"), {}, one, None) for id, one in stored.items()}
    metrics = {}
    for name, value in content.items():
        if isinstance(value, float) and name not in _NO_METRICS:
            named = _COVERAGE.fullmatch(name)
            metrics[named[1] if named else name] = value
    return ResultFile(
        file,
        metrics,
        content["settings"],
        examples,
        list(content.get("names_of_missing_videos", ())),
        dict(content.get("dropped_examples", {})),
        complete,
        str(content.get("intervals_over", {}).get("unit", "videos")),
    )


def _example(one: Mapping[str, Any]) -> StoredExample:
    scores = {name: math.nan if value is None else float(value) for name, value in one["scores"].items()}
    shown = one.get("input")
    return StoredExample(str(one["id"]), str(one["group"]), scores, dict(one["prediction"]), shown and dict(shown))
