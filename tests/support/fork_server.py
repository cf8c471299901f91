"""Processes that start in a fraction of a second.

`ForkServer` starts one interpreter that has imported everything; each process of a test is forked from it. All share a
compilation cache.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT
from tests.support.xla_flags import QUICK_COMPILATION


class Process:
    """One forked process."""

    def __init__(self, fork_server: "ForkServer", pid: int, log: Path) -> None:
        self._fork_server, self.pid, self._log = fork_server, pid, log

    @property
    def code(self) -> int | None:
        """Exit code (minus the signal's number, if one ended it), or None while it runs."""
        if self.pid not in self._fork_server.codes:
            self._fork_server.poll(self.pid)
        return self._fork_server.codes.get(self.pid)

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float = 120) -> int:
        """The exit code.

        Raises:
          TimeoutError: after `timeout` seconds, with the output of the process, which is killed.
        """
        self.wait_until(lambda: self.code is not None, timeout)
        code = self.code
        assert code is not None
        return code

    def wait_until(self, condition: Callable[[], Any], timeout: float = 120) -> None:
        """Returns when the condition holds or the process has ended."""
        deadline = time.monotonic() + timeout
        while not condition() and self.code is None:
            if time.monotonic() > deadline:
                self.send(signal.SIGKILL)
                raise TimeoutError(self.output)
            time.sleep(0.005)

    def wait_for(self, words: str, timeout: float = 120) -> None:
        """Returns when the output contains some words.

        Raises:
          AssertionError: if the process has ended without.
        """
        self.wait_until(lambda: words in self.output, timeout)
        assert words in self.output, self.output

    @property
    def output(self) -> str:
        """Its standard output and error so far."""
        return self._log.read_text()


class ForkServer:
    """Forks processes.

    Args:
      folder: for their output and the compilation cache.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._started = folder, 0
        self.codes: dict[int, int] = {}
        environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": QUICK_COMPILATION}
        command = [sys.executable, "-m", "tests.support.fork_server", str(folder / "compiled")]
        self._parent = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def start(self, *arguments: str, devices: int = 1) -> Process:
        """Forks a process that runs `run_toy.main(arguments)`."""
        self._started += 1
        log = self._folder / f"{self._started}.log"
        log.touch()
        answer = self._request({"arguments": [str(word) for word in arguments], "log": str(log), "devices": devices})
        return Process(self, answer["pid"], log)

    def poll(self, pid: int) -> None:
        """Stores the exit code of a process, if it has ended."""
        code = self._request({"pid": pid})["code"]
        if code is not None:
            self.codes[pid] = code

    def close(self) -> None:
        self._parent.communicate(timeout=30)

    def _request(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._parent.stdin is not None and self._parent.stdout is not None
        self._parent.stdin.write(json.dumps(request) + "\n")
        answer = self._parent.stdout.readline()
        assert answer, "the fork server has died"
        return json.loads(answer)


def _serve(cache: str) -> None:
    import jax

    from tests.support import run_toy

    jax.config.update("jax_compilation_cache_dir", cache)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    while line := sys.stdin.readline():
        request = json.loads(line)
        if "pid" in request:
            pid, status = os.waitpid(request["pid"], os.WNOHANG)
            print(json.dumps({"code": os.waitstatus_to_exitcode(status) if pid else None}), flush=True)
            continue
        pid = os.fork()
        if pid:
            print(json.dumps({"pid": pid}), flush=True)
            continue
        log = os.open(request["log"], os.O_WRONLY | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # not set in a background job
        os.environ["XLA_FLAGS"] += f" --xla_force_host_platform_device_count={request['devices']}"
        sys.exit(run_toy.main(request["arguments"]))


if __name__ == "__main__":
    _serve(sys.argv[1])
