"""Prints the outcome of a quickstart: its table, files, seconds and the next command to try."""

from rich.console import Console

from timesuite_jax.apps.quickstart.run import ConfigT, Outcome, Quickstart, ResultT


def print_outcome(quickstart: Quickstart[ConfigT, ResultT], outcome: Outcome[ResultT], console: Console) -> None:
    """Prints the metrics, the paths of the files, the seconds of each step, and the next command to try."""
    result, seconds = outcome.result, outcome.seconds
    quickstart.print_table(result, console)
    for name, file in result.files.items():
        console.print(f"{name}: {file}", soft_wrap=True)
    parts = ", ".join(f"{name} {value:.0f} s" for name, value in seconds.items())
    console.print(f"{parts}; {sum(seconds.values()):.0f} s in all")
    console.print(f"\n{quickstart.closing}:")
    console.print(result.next_command, soft_wrap=True, markup=False, highlight=False)
