"""Runs a function in processes that are killed when it takes too long and replaced when it crashes.

A decoder can hang or crash in C code, where neither a deadline nor an exception handler of Python helps.
"""

import math
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any, Generic, Literal, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# Items started before the first unfinished one has ended, for each process: a slow item does not leave the others idle.
_AHEAD = 8
_PRELOADED = ["timesuite_jax.data.corpora.audit_items", "tensorflow_datasets.proto.tf_example_pb2"]


@dataclass(frozen=True)
class Killed:
    """An item without a result: it passed its deadline, or ended the process twice.

    Attributes:
      kind: what happened.
      problem: the same in words, as a predicate of the item.
    """

    kind: Literal["deadline", "crash"]
    problem: str


class WorkerPool(Generic[Item, Result]):
    """Maps a function over items in several processes, in order; a context manager.

    Processes are forked from a server that has imported the decoders, so that a new one takes milliseconds, and that
    has no threads. They end with the process that started them, however it ends.

    Args:
      function: can be pickled by name, as its items and results can; called in the processes.
      workers: number of processes.
      limit_s: wall seconds that an item may take.
    """

    def __init__(self, function: Callable[[Item], Result], workers: int, limit_s: Callable[[Item], float]) -> None:
        self._function, self._limit_s = function, limit_s
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOADED)
        self._workers: list[_Worker] = []
        self._count = workers

    def __enter__(self) -> "WorkerPool[Item, Result]":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()

    def map(self, items: Iterable[Item]) -> Iterator[Result | Killed]:
        """Yields the result of each item, in order; a bounded number of items ahead are in memory.

        Raises:
          Exception: what the function raised.
        """
        waiting: deque[_Task] = deque()  # in order; the first is the next to be yielded
        unstarted: deque[_Task] = deque()
        source = iter(items)
        exhausted = False
        while True:
            while not exhausted and len(waiting) < _AHEAD * self._count and len(unstarted) < self._count:
                try:
                    task = _Task(next(source))
                except StopIteration:
                    exhausted = True
                else:
                    waiting.append(task)
                    unstarted.append(task)
            while waiting and waiting[0].done:
                yield waiting.popleft().outcome()
            if not waiting and exhausted:
                return
            if not waiting:
                continue
            self._start(unstarted)
            self._wait(unstarted)

    def _start(self, unstarted: deque["_Task"]) -> None:
        """Gives items to idle workers, and starts workers up to the limit."""
        for worker in self._workers:
            if unstarted and worker.idle:
                task = unstarted.popleft()
                worker.start(task, self._limit_s(task.item))
        starting = sum(worker.starting for worker in self._workers)
        while len(self._workers) < self._count and starting < len(unstarted):
            self._workers.append(_Worker(self._context, self._function))
            starting += 1

    def _wait(self, unstarted: deque["_Task"]) -> None:
        """Waits until a worker is ready, has finished, has crashed or is too late, and deals with it."""
        until = min(worker.deadline for worker in self._workers)
        timeout = None if math.isinf(until) else max(until - time.monotonic(), 0.0)
        ready = connection.wait([worker.pipe for worker in self._workers], timeout=timeout)
        for worker in list(self._workers):
            if worker.pipe in ready:
                alive = worker.receive()
            else:
                alive = time.monotonic() < worker.deadline
                if not alive and worker.task is not None:
                    limit = self._limit_s(worker.task.item)
                    worker.task.finish(Killed("deadline", f"was not decoded within {limit:g} s; the decoder hangs"))
                    worker.task = None
            if alive:
                continue
            worker.kill()
            self._workers.remove(worker)
            if worker.task is not None:  # once more, in case another process made the system kill this one
                if not worker.task.crashed(worker.exit_code):
                    unstarted.appendleft(worker.task)
            elif worker.starting:
                raise RuntimeError(f"a worker process ended while it started (exit code {worker.exit_code})")


class _Task:
    """An item and, later, what became of it."""

    def __init__(self, item: Any) -> None:
        self.item: Any = item
        self.done, self._crashes = False, 0
        self._result: Any = None

    def finish(self, result: Any) -> None:
        self.done, self._result, self.item = True, result, None

    def crashed(self, exit_code: int | None) -> bool:
        """Counts a crash; returns whether the item is given up."""
        self._crashes += 1
        if self._crashes > 1:
            self.finish(Killed("crash", f"crashes the decoder ({_describe(exit_code)})"))
        return self.done

    def outcome(self) -> Any:
        if isinstance(self._result, _Raised):
            raise self._result.error
        return self._result


@dataclass(frozen=True)
class _Raised:
    error: Exception


class _Worker:
    """A process and the item that it works on."""

    def __init__(self, context: Any, function: Callable) -> None:
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(function, theirs, dict(os.environ)), daemon=True)
        self._process.start()
        theirs.close()
        self.task: _Task | None = None
        self.starting = True
        self.deadline = float("inf")
        self.exit_code: int | None = None

    @property
    def idle(self) -> bool:
        return not self.starting and self.task is None

    def start(self, task: _Task, limit_s: float) -> None:
        self.task, self.deadline = task, time.monotonic() + limit_s
        with suppress(OSError):  # it has crashed, which `receive` finds
            self.pipe.send(task.item)

    def receive(self) -> bool:
        """Receives the result of the task, or that the process is ready; returns whether the process lives."""
        try:
            result = self.pipe.recv()
        except (EOFError, OSError):
            return False
        if self.task is not None:
            self.task.finish(result)
        self.task, self.starting, self.deadline = None, False, float("inf")
        return True

    def kill(self) -> None:
        self.pipe.close()
        self._process.kill()
        self._process.join()
        self.exit_code = self._process.exitcode


def _serve(function: Callable, pipe: Any, environment: Mapping[str, str]) -> None:
    """Runs in a worker process until its pipe is closed."""
    os.environ.update(environment)  # the server that it is forked from may be older than a variable
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all processes; the parent ends them
    with suppress(EOFError, OSError):  # the parent has ended
        pipe.send(None)  # ready
        while True:
            item = pipe.recv()
            try:
                result = function(item)
            except Exception as error:
                result = _Raised(error)
            pipe.send(result)


def _describe(exit_code: int | None) -> str:
    """Describes how a process ended."""
    if exit_code is not None and exit_code < 0:
        with suppress(ValueError):
            return f"signal {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
