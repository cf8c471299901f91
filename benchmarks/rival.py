"""One side of a comparison, alive in a process of its own.

Two frameworks in one process would share memory, thread pools and allocators; a process each keeps them apart, and
since both stay alive, their repetitions can take turns: what the rest of the machine does meets both alike.
"""

import ctypes
import dataclasses
import gc
import importlib
import json
import multiprocessing
import resource
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from workload import Sizes

MIB = 2**20
# In a process of its own, so that no framework stays in the one that measures.
_WRITE = """
import json, sys, safetensors.torch, torch_videochat
state = torch_videochat.build(torch_videochat.Sizes(**json.loads(sys.argv[1]))).upstream_state_dict()
safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in state.items()}, sys.argv[2])
"""


@dataclasses.dataclass(frozen=True)
class Reading:
    """One repetition of one task."""

    wall: float  # seconds
    cpu: float  # seconds of all threads
    value: Any  # what the task returned


class Rival:
    """Runs in a process of its own what `tasks(*arguments)` of the module `module` returns, task by task."""

    def __init__(self, module: str, *arguments: Any):
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, module, arguments), daemon=True)
        self._process.start()

    def run(self, task: str) -> Reading:
        """Runs one repetition.

        Raises:
          EOFError: if the process died; its traceback is on the terminal.
        """
        self._ours.send(task)
        return self._ours.recv()

    def peak_memory(self) -> float:
        """Most memory that the process ever held so far, in MiB: imports, compilation and all."""
        self._ours.send("peak_memory")
        return self._ours.recv()

    def peak_memory_of(self, task: str) -> float:
        """Most memory held during one more repetition, in MiB; first the allocator gives back what it keeps free."""
        self._ours.send(f"peak_memory_of {task}")
        return self._ours.recv()

    def close(self) -> None:
        """Ends the process."""
        self._ours.close()
        self._process.join()


def write_weights(path: Path, sizes: Sizes) -> None:
    """Writes random weights for both sides, as safetensors under the original's names."""
    arguments = [sys.executable, "-c", _WRITE, json.dumps(dataclasses.asdict(sizes)), path]
    subprocess.run(arguments, check=True, cwd=Path(__file__).parent)


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
            Path("/proc/self/clear_refs").write_text("5")  # starts the high-water mark again
            runs[request.removeprefix("peak_memory_of ")]()
            status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
            connection.send(int(status["VmHWM"].split()[0]) * 1024 / MIB)
        else:
            wall, cpu = time.perf_counter(), time.process_time()
            value = runs[request]()
            connection.send(Reading(time.perf_counter() - wall, time.process_time() - cpu, value))
