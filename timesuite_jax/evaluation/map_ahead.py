"""A function of each item, in order, computed ahead in threads."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_ahead(function: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[Result]:
    """Yields the results in the order of the items; at most `threads` of them are computed ahead.

    Args:
      function: safe to call from several threads.
      items: its arguments.
      threads: 0 computes each result when it is requested.
    """
    if not threads:
        yield from map(function, items)
        return
    pool, ahead = ThreadPoolExecutor(threads), deque[Future[Result]]()
    try:
        for item in items:
            ahead.append(pool.submit(function, item))
            if len(ahead) > threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
