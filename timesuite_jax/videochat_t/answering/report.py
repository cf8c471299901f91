"""Results of grounding for people and for programs: tables with intervals, JSON, one line an answer."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from timesuite_jax.errors import UserError
from timesuite_jax.metrics import Interval, bootstrap, quantisation
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.videochat_t.benchmarks.grounding import Grounding


def intervals(result: Grounding) -> dict[str, Interval]:
    """Every metric with its 95 % interval; questions about one video are drawn together."""
    videos = [prediction.prompt.source for prediction in result.predictions]
    return bootstrap(result.scores().table(), groups=videos)


def as_json(result: Grounding) -> dict[str, Any]:
    """Figures, their intervals, how round the answers are, and what could not be asked."""
    return {
        **result.figures(),
        "intervals_95": {name: [interval.low, interval.high] for name, interval in intervals(result).items()},
        "round_numbers": dict(quantisation([prediction.span for prediction in result.predictions])),
        "dropped_records": {dropped.id: dropped.reason for dropped in result.dropped},
    }


def print_scores(result: Grounding, title: str) -> None:
    """Prints a table to the terminal."""
    console = Console()
    table = Table(title=title)
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for name, interval in intervals(result).items():
        table.add_row(name, f"{interval.mean:.3f}", f"{interval.low:.3f} to {interval.high:.3f}")
    console.print(table)
    console.print(f"{len(result.predictions)} questions answered, {len(result.dropped)} records dropped")
    for dropped in result.dropped[:5]:
        console.print(f"  dropped {dropped.id}: {dropped.reason}", markup=False)


def write_predictions(result: Grounding, path: Path) -> None:
    """Writes one JSON object a line: id, question, answer, spans, truth.

    Raises:
      UserError: if the file cannot be written.
    """
    lines = [
        json.dumps(
            {
                "id": prediction.prompt.id,
                "question": prediction.prompt.question,
                "answer": prediction.text,
                "spans": prediction.spans,
                "truth": prediction.prompt.spans,
                "duration": prediction.prompt.duration,
            }
        )
        for prediction in result.predictions
    ]
    try:
        with atomic_write(path) as partial:
            partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; choose another file") from error
