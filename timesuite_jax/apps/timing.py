"""Names and times the steps of an app."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def timed(seconds: dict[str, float], name: str, show: Callable[[str], None], title: str) -> Iterator[None]:
    """Shows the title of a step, and stores its wall seconds under its name."""
    show(f"[bold]{title}[/bold]")
    began = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - began
