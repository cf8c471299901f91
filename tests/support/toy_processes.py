"""Runs the toy task in several processes."""

from pathlib import Path
from typing import Any

from rehearse_pod import free_port

from tests.support.fork_server import ForkServer, Process


def start(fork_server: ForkServer, workdir: Path, count: int, devices: int, *options: str, **own: Any) -> list[Process]:
    """Starts `count` processes; `own` are options of single processes, such as `process_1=["--hang-at=3"]`."""
    port = free_port()
    return [
        fork_server.start(
            workdir,
            f"--sample-log={workdir / f'sample-log-{index}-of-{count}'}",
            *([f"--process={index}/{count}/{port}"] if count > 1 else []),
            *options,
            *own.get(f"process_{index}", []),
            devices=devices,
        )
        for index in range(count)
    ]
