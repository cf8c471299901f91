"""Work for a client, which ends when the client closes its connection."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

from timesuite_jax.apps.serve.api_error import ApiError

T = TypeVar("T")


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Returns the result of a coroutine, which is cancelled if the client closes the connection.

    Args:
      request: whose body has been read.
      work: the coroutine.

    Raises:
      ApiError: the client has gone.
    """
    running, gone = asyncio.ensure_future(work), asyncio.ensure_future(_disconnection(request))
    try:
        await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            return running.result()
        raise ApiError(400, "the client closed the connection before the answer was ready")
    finally:
        running.cancel()
        gone.cancel()


async def _disconnection(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
