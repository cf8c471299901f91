"""Progress bars on stderr, shown only on an interactive terminal and removed when done."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_Item = TypeVar("_Item")


def make_progress(console: Console | None = None, *, quiet: bool = False, refresh_per_second: float = 10) -> Progress:
    """Returns a `rich` progress display with the columns of this package, not started yet.

    Args:
      console: where the bar is drawn; stderr if not given.
      quiet: draw nothing.
      refresh_per_second: how often the bar is redrawn.
    """
    console = console or Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    # In a file, rich would write the last state of the bar, or an empty line.
    disable = quiet or not console.is_interactive
    return Progress(*columns, console=console, refresh_per_second=refresh_per_second, disable=disable, transient=True)


def track(items: Iterable[_Item], what: str, total: int | None = None, *, quiet: bool = False) -> Iterator[_Item]:
    """Yields the items and shows how many have been consumed.

    Args:
      items: any iterable.
      what: description beside the bar.
      total: number of items, if `items` has no length.
      quiet: show no bar.
    """
    with make_progress(quiet=quiet) as bar:
        yield from bar.track(items, total=total, description=what)


@contextmanager
def progress_bar(what: str, total: int | None = None, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Shows a progress bar; yields a function that advances it by a number of steps.

    Args:
      what: description beside the bar.
      total: number of steps, if known.
      quiet: show no bar.
    """
    with make_progress(quiet=quiet) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)
