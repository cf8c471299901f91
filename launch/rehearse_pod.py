"""Simulates a pod on one machine: several processes with simulated CPU devices train a config together.

    python launch/rehearse_pod.py configs/mqsa_ted/beauty.py:debug --workdir /tmp/run --processes 2 --devices 4 \\
        --config.training.mesh.fsdp=2

Except for speed and network, everything is as on a pod: `timesuite train`, start-up, data of each process, collectives
between processes, checkpoints written by all of them. Further arguments are passed to `timesuite train`. SIGTERM and
Ctrl-C are sent to all processes. The exit code is that of the first process that fails, or 0.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence


def free_port() -> int:
    """A free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def environment(index: int, count: int, port: int, devices: int) -> dict[str, str]:
    """Environment of the `index`-th process of `count`, with that many simulated devices."""
    return {
        **os.environ,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}",
        # Threads of XLA:CPU. A collective blocks one until all devices have joined, and a device may run several at
        # once: with one thread for each device, the default, they can wait for each other.
        "NPROC": str(4 * devices),
        "JAX_COORDINATOR_ADDRESS": f"localhost:{port}",
        "JAX_NUM_PROCESSES": str(count),
        "JAX_PROCESS_ID": str(index),
    }


def relay(process: subprocess.Popen[str], index: int) -> None:
    """Prints the output of a process, prefixed by its index."""
    assert process.stdout is not None
    for line in process.stdout:
        print(f"[{index}] {line}", end="", flush=True)


def rehearse(words: Sequence[str], processes: int, devices: int) -> int:
    """Runs `timesuite train` in several processes; returns the exit code of the first that fails, or 0."""
    port = free_port()
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "timesuite_jax.cli.main", "train", *words],
            env=environment(index, processes, port, devices),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for index in range(processes)
    ]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: [process.send_signal(signal.SIGTERM) for process in running])
    relays = [threading.Thread(target=relay, args=(process, index)) for index, process in enumerate(running)]
    failures: list[int] = []

    def follow(process: subprocess.Popen[str]) -> None:
        if code := process.wait():
            failures.append(code)

    relays += [threading.Thread(target=follow, args=(process,)) for process in running]
    for thread in relays:
        thread.start()
    for thread in relays:
        thread.join()
    code = failures[0] if failures else 0
    return code if code >= 0 else 128 - code  # as in a shell


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the processes; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=2, help="number of hosts of the pod")
    parser.add_argument("--devices", type=int, default=4, help="simulated devices of each process")
    options, words = parser.parse_known_args(argv)
    if options.processes < 1 or options.devices < 1:
        parser.error(f"--processes {options.processes} --devices {options.devices}: give at least 1 of each")
    return rehearse(words, options.processes, options.devices)


if __name__ == "__main__":
    sys.exit(main())
