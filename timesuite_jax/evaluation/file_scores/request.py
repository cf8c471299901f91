"""A request to score a file of predictions."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ScoreRequest:
    """What to score: files, whether questions without a prediction are left out, and "default" or "paper"."""

    predictions: Path
    truth: Path
    answered_only: bool = False
    protocol: str = "default"
