"""One thread that runs the model: requests wait in a bounded queue, and can be cancelled."""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any

Event = tuple[str, Any]  # "text" and the answer so far; "end" and the result; "error" and the exception


class Cancelled(Exception):
    """The client has disconnected, or its request timed out."""


class Job:
    """A call of the model, whose events are read in an event loop.

    Args:
      function: called in the model's thread with a function that takes the answer so far.
    """

    def __init__(self, function: Callable[[Callable[[str], None]], Any]) -> None:
        self._function, self._loop = function, asyncio.get_running_loop()
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Ends the call at its next token, or before it starts."""
        self._cancelled.set()

    async def next_event(self) -> Event:
        """Waits for the next event; "end" and "error" are the last ones."""
        return await self._events.get()

    def run(self) -> None:
        """Calls the function; in the model's thread."""
        try:
            self._show("")
            self._post("end", self._function(self._show))
        except Exception as error:
            self._post("error", error)

    def fail(self, error: Exception) -> None:
        """Ends the job without running it."""
        self._post("error", error)

    def _show(self, text: str) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        if text:
            self._post("text", text)

    def _post(self, kind: str, value: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(self._events.put_nowait, (kind, value))
        except RuntimeError:  # the event loop has been closed: the server has stopped
            self.cancel()


class ModelThread:
    """Runs jobs one after the other.

    Args:
      capacity: number of jobs that may be running or waiting.
    """

    def __init__(self, capacity: int) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._places = threading.BoundedSemaphore(capacity)
        self._thread = threading.Thread(target=self._work, name="model", daemon=True)
        self._closed = False

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def reserve(self) -> bool:
        """Reserves the place of a job; False if there is none. Each place is used by `submit` or `release`."""
        return not self._closed and self._places.acquire(blocking=False)

    def release(self) -> None:
        """Gives back a place that was reserved and is not used."""
        self._places.release()

    def submit(self, job: Job) -> None:
        """Appends a job, which uses a reserved place until it has ended."""
        self._jobs.put(job)

    def close(self, timeout: float) -> None:
        """Ends the thread after the running job; those that wait fail with `Cancelled`.

        Args:
          timeout: seconds to wait for the running job.
        """
        self._closed = True
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self._closed:
                job.fail(Cancelled())
            else:
                job.run()
            self._places.release()
