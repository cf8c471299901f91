"""A progress bar for whoever watches."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.progress import track as rich_track

_Item = TypeVar("_Item")


def track(items: Iterable[_Item], what: str, total: int | None = None, *, quiet: bool = False) -> Iterable[_Item]:
    """The items, with a bar on stderr that goes away when they are done; without one where nobody watches.

    Args:
      items: what is worked through.
      what: is done, for the bar.
      total: number of items, if they do not tell.
      quiet: no bar.
    """
    console = Console(stderr=True)
    # Into a file rich would write an empty line at the end.
    disable = quiet or not console.is_interactive
    return rich_track(items, description=what, total=total, console=console, disable=disable, transient=True)


@contextmanager
def progress_bar(what: str, total: int | None = None, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; yields the function that moves it on."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)
