"""Results of ranking as JSON values and as tables, with confidence intervals and baselines."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from timesuite_jax.metrics import RankingScores, bootstrap

Baselines = Mapping[str, Mapping[str, Mapping[str, float]]]  # split -> baseline -> metric -> value


def ranking_json(scores: Mapping[str, RankingScores], baselines: Baselines) -> dict[str, Any]:
    """Returns the metrics of each split with their 95 % confidence intervals, and "baselines" by split and name."""
    results: dict[str, Any] = {
        split: {
            **each.summary(),
            "intervals_95": {name: [i.low, i.high] for name, i in bootstrap(each.table()).items()},
            "intervals_over": {"unit": "users", "count": len(each.ranks)},
        }
        for split, each in scores.items()
    }
    return {**results, "baselines": baselines}


def print_ranking(scores: Mapping[str, RankingScores], baselines: Baselines, title: str) -> None:
    """Prints a table for each split, with a row for the model, its intervals and each baseline."""
    console = Console()
    for split, each in scores.items():
        intervals = bootstrap(each.table())
        table = Table(title=f"{split}: {title}")
        table.add_column("")
        for name in intervals:
            table.add_column(name, justify="right")
        table.add_row("model", *(f"{interval.mean:.4f}" for interval in intervals.values()))
        table.add_row("  95 % from", *(f"{interval.low:.4f}" for interval in intervals.values()))
        table.add_row("  to", *(f"{interval.high:.4f}" for interval in intervals.values()), end_section=True)
        for baseline, metrics in baselines[split].items():
            table.add_row(baseline, *(f"{metrics[name]:.4f}" for name in intervals))
        console.print(table)
    console.print(f"95 % intervals over {len(next(iter(scores.values())).ranks)} users")
