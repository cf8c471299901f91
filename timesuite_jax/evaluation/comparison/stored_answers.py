"""Answers in the folder of a result, for result files of earlier versions, which do not contain their examples."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read_stored_answers(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """Returns predictions by example id from `predictions-*.jsonl`; none where there are no such files.

    Raises:
      ValueError: a line is damaged.
      KeyError: a line has no id or prediction.
    """
    found = {}
    for file in sorted(folder.glob("predictions-*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            found[entry["id"]] = entry["prediction"]
    return found
