"""Results of ranking as JSON values and as a table, with confidence intervals."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from timesuite_jax.metrics import RankingScores, bootstrap


def ranking_json(scores: Mapping[str, RankingScores]) -> dict[str, Any]:
    """Returns the metrics of each split with their 95 % confidence intervals."""
    return {
        split: {
            **each.summary(),
            "intervals_95": {name: [i.low, i.high] for name, i in bootstrap(each.table()).items()},
        }
        for split, each in scores.items()
    }


def print_ranking(scores: Mapping[str, RankingScores], title: str) -> None:
    """Prints a table with a row per metric and a column per split."""
    table = Table(title=title)
    table.add_column("metric")
    for split in scores:
        table.add_column(split, justify="right")
    splits = [bootstrap(each.table()) for each in scores.values()]
    for name in splits[0]:
        values = [split[name] for split in splits]
        table.add_row(name, *(f"{value.mean:.4f} ({value.low:.4f} to {value.high:.4f})" for value in values))
    console = Console()
    console.print(table)
    console.print(f"95 % intervals in parentheses; {len(next(iter(scores.values())).ranks)} users")
