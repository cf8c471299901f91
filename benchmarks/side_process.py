"""Runs one side of a comparison in its own process.

Two frameworks in one process would share memory, thread pools and allocators. Both processes stay alive, so that
repetitions can be interleaved and other load on the machine affects both sides equally.
"""

import ctypes
import dataclasses
import gc
import importlib
import json
import multiprocessing
import resource
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import command_line
from workload import Sizes

from timesuite_jax.progress import progress_bar

MIB = 2**20
# Run in a separate process, so that the measuring one imports no framework.
_WRITE = """
import json, sys, safetensors.torch, torch_videochat
state = torch_videochat.build(torch_videochat.Sizes(**json.loads(sys.argv[1]))).upstream_state_dict()
safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in state.items()}, sys.argv[2])
"""


@dataclasses.dataclass(frozen=True)
class Measurement:
    """The result of one repetition of a task."""

    wall: float  # seconds
    cpu: float  # seconds of all threads
    value: Any  # returned by the task


class SideProcess:
    """A child process that runs the tasks that `tasks(*arguments)` of a module returns."""

    def __init__(self, module: str, *arguments: Any):
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, module, arguments), daemon=True)
        with command_line.interrupts_blocked():
            self._process.start()

    def run(self, task: str) -> Measurement:
        """Runs one repetition.

        Raises:
          EOFError: if the process died; its traceback is on stderr.
        """
        self._ours.send(task)
        return self._ours.recv()

    def peak_memory(self) -> float:
        """Returns the peak resident memory of the process so far in MiB, including imports and compilation."""
        self._ours.send("peak_memory")
        return self._ours.recv()

    def peak_memory_of(self, task: str) -> float:
        """Returns the peak resident memory of one more repetition in MiB; the allocator returns free memory first."""
        self._ours.send(f"peak_memory_of {task}")
        return self._ours.recv()

    def close(self) -> None:
        """Terminates the process."""
        self._ours.close()
        self._process.join()


def write_weights(path: Path, sizes: Sizes) -> None:
    """Writes random weights for both sides as safetensors with upstream's names."""
    arguments = [sys.executable, "-c", _WRITE, json.dumps(dataclasses.asdict(sizes)), path]
    with progress_bar("random weights"):
        command_line.run_child(arguments, cwd=Path(__file__).parent)


def _serve(connection: Connection, module: str, arguments: tuple) -> None:
    runs = importlib.import_module(module).tasks(*arguments)
    while True:
        try:
            request = connection.recv()
        except EOFError:
            return
        if request == "peak_memory":
            connection.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB)
        elif request.startswith("peak_memory_of "):
            gc.collect()
            ctypes.CDLL("libc.so.6").malloc_trim(0)
            Path("/proc/self/clear_refs").write_text("5")  # resets the high-water mark
            runs[request.removeprefix("peak_memory_of ")]()
            status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
            connection.send(int(status["VmHWM"].split()[0]) * 1024 / MIB)
        else:
            wall, cpu = time.perf_counter(), time.process_time()
            value = runs[request]()
            connection.send(Measurement(time.perf_counter() - wall, time.process_time() - cpu, value))
