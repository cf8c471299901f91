"""Results of a benchmark on the terminal and in a file of predictions."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from etils import epath
from rich.console import Console
from rich.table import Table

from timesuite_jax.errors import UserError
from timesuite_jax.evaluation.result import Result
from timesuite_jax.json_text import to_json
from timesuite_jax.storage.atomic_write import atomic_write
from timesuite_jax.storage.write_errors import cause_of

_SHOWN = 5  # dropped examples that are printed


def print_result(result: Result, title: str) -> None:
    """Prints a table of metrics with their 95 % intervals, the counts of its details, and the number of examples."""
    console = Console()
    table = Table(title=title)
    table.add_column("metric")
    table.add_column("value", justify="right")
    table.add_column(f"95 % interval over {result.scores.group_count} {result.scores.unit}", justify="right")
    intervals = result.scores.intervals()
    for name, value in result.scores.metrics().items():
        interval = intervals.get(name)
        table.add_row(
            result.shown_name(name), f"{value:.3f}", f"{interval.low:.3f} to {interval.high:.3f}" if interval else ""
        )
    console.print(table)
    console.print(f"{len(result.predictions)} examples scored, {len(result.dropped)} dropped")
    for name, value in result.scores.details.items():
        if isinstance(value, int) and value:
            console.print(f"{name}: {value}")
    for dropped in result.dropped[:_SHOWN]:
        console.print(f"  dropped {dropped.id}: {dropped.reason}", markup=False)


def print_calibration(result: Result) -> None:
    """Prints how far confidences can be trusted, where the details have it."""
    if report := result.scores.details.get("calibration"):
        names = ("auroc", "ece_as_answered", "ece", "temperature")
        listed = ", ".join(f"{name} {report[name]:.3f}" for name in names if name in report)
        Console().print(f"calibration of {report['of']} (n = {report['n']}): {listed}", markup=False)


def print_breakdown(result: Result) -> None:
    """Prints a table of the metrics by part of the examples, and of round numbers, where the details have them."""
    console = Console()
    for name in ("round_numbers", "round_numbers_of_truth"):
        if found := result.scores.details.get(name):
            listed = ", ".join(f"{step.removeprefix('multiples_of_')} s {part:.0%}" for step, part in found.items())
            console.print(f"{name.replace('_', ' ')}: starts and ends that are multiples of {listed}", markup=False)
    for attribute, parts in result.scores.details.get("breakdown", {}).items():
        table = Table(title=f"by {attribute.replace('_', ' ')}")
        if attribute == "category":  # dozens: a row each
            _add_category_rows(table, parts, list(result.scores.per_example))
            console.print(table)
            continue
        table.add_column("metric")
        for name, means in parts.items():
            table.add_column(f"{name} (n = {means['n']})", justify="right")
        for metric in result.scores.per_example:
            values = [f"{means[metric]:.3f}" if metric in means else "" for means in parts.values()]
            if any(values):
                table.add_row(metric, *values)
        console.print(table)


def _add_category_rows(table: Table, parts: Mapping[str, Mapping[str, float]], metrics: Sequence[str]) -> None:
    shown = [metric for metric in metrics if any(metric in means for means in parts.values())]
    for name in ("category", "n", *shown):
        table.add_column(name, justify="left" if name == "category" else "right")
    for name, means in parts.items():
        values = [f"{means[metric]:.3f}" if metric in means else "" for metric in shown]
        table.add_row(name, str(int(means["n"])), *values)


def write_predictions(result: Result, path: epath.PathLike) -> None:
    """Writes one JSON object a line: the fields of each prediction.

    Raises:
      UserError: the file cannot be written.
    """
    write_json_lines([dataclasses.asdict(prediction) for prediction in result.predictions.values()], path)


def write_json_lines(rows: Sequence[Mapping[str, Any]], path: epath.PathLike) -> None:
    """Writes one JSON object a line.

    Raises:
      UserError: the file cannot be written.
    """
    try:
        with atomic_write(path) as partial:
            partial.write_text("\n".join(map(to_json, rows)) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {path}: {cause_of(error)}; choose another file") from error
