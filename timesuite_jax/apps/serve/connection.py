"""The connection of a client that waits for a response."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

from timesuite_jax.apps.serve.api_error import ApiError

T = TypeVar("T")


class Connection:
    """The connection of a request.

    Args:
      request: whose body has been read.
    """

    def __init__(self, request: Request) -> None:
        self._request = request

    async def while_open(self, work: Coroutine[Any, Any, T]) -> T:
        """Returns the result of a coroutine, which is cancelled if the client closes the connection.

        Raises:
          ApiError: the client has closed it.
        """
        running, closed = asyncio.ensure_future(work), asyncio.ensure_future(self._closed())
        try:
            await asyncio.wait({running, closed}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                return running.result()
            raise ApiError(400, "the client closed the connection before the answer was ready")
        finally:
            running.cancel()
            closed.cancel()

    async def _closed(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
