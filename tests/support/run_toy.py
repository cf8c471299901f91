"""Trains the toy task in a process of its own, with injected faults.

By hand: `python -m tests.support.run_toy WORKDIR --steps 60`
"""

import argparse
import os
import queue
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from tests.support.disk_full import limit_files
from tests.support.toy_task import ToyData, ToyTask, toy_spec
from timesuite_jax import parallel, training
from timesuite_jax.checkpoints import integrity
from timesuite_jax.errors import UserError
from timesuite_jax.resilience.preemption import exit_after
from timesuite_jax.training import OptimizerSpec

FOR_EVER = 1e6  # seconds


def log(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


class FaultyData(ToyData):
    """Hangs: a thread waits as for a dead disk, and the main thread waits for it."""

    stalls_at = 0

    def __next__(self) -> Any:
        if self.stalls_at and self.position == self.stalls_at * self.task.batch:
            threading.Thread(target=time.sleep, args=(FOR_EVER,)).start()
            log("reached: data")
            queue.SimpleQueue().get()
        step = self.position // self.task.batch
        longer = self.task.hangs_in == "another compile" and step == self.task.hangs_at
        if self.task.disk_fills and any(path.name.isdigit() for path in self.task.disk_fills.iterdir()):
            limit_files(self.task.file_limit)
        batch = super().__next__()
        if self.task.sample_log:
            with self.task.sample_log.open("a") as sample_log:
                sample_log.write(f"{step} {' '.join(map(str, batch['sample']))}\n")
        return {name: np.repeat(rows, 2, axis=0) for name, rows in batch.items()} if longer else batch


class FaultyTask(ToyTask):
    """Hangs or fails where requested."""

    hangs_in = ""
    hangs_at = 0
    compiled = 0  # steps
    lacks = ""
    disk_fills: Path | None = None  # as soon as it contains a checkpoint
    # A limit on the size of files needs no privileges and fails like a full disk, with an errno.
    file_limit = 0
    sample_log: Path | None = None  # gets lines of a step and its samples

    def loss(self, *args: Any) -> Any:
        self.compiled += 1
        if self.hangs_in == ("compile" if self.compiled == 1 else "another compile"):
            log(f"reached: {self.hangs_in}")
            time.sleep(FOR_EVER)
        return super().loss(*args)

    def train_data(self, **where: Any) -> ToyData:
        if self.lacks == "data":
            raise UserError("there is no corpus")
        data = super().train_data(**where)
        data.__class__ = FaultyData
        data.stalls_at = self.hangs_at if self.hangs_in == "data" else 0
        return data

    def evaluations(self) -> dict[str, training.Evaluation]:
        if self.lacks == "evaluations":
            raise UserError("there is no corpus")
        if self.hangs_in != "evaluation":
            return super().evaluations()

        def endless(params: Any) -> dict[str, float]:
            log("reached: evaluation")
            time.sleep(FOR_EVER)
            return {}

        return {"endless": training.Evaluation((), endless)}


def slow_saves(seconds: float) -> None:
    """Delays each save before it becomes visible."""
    write = integrity.write_manifest

    def delayed(folder: Any) -> None:
        log(f"reached: save of {folder.parent.name}")
        time.sleep(seconds)
        write(folder)

    integrity.write_manifest = delayed


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("workdir", type=Path)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--save-every", type=int, default=5)
    parser.add_argument("--eval-every", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--hang-in", default="")
    parser.add_argument("--hang-at", type=int, default=0)
    parser.add_argument("--slow-saves", type=float, default=0.0)
    parser.add_argument("--process", help="INDEX/COUNT/PORT")
    parser.add_argument("--process-timeout", type=float, default=60)
    parser.add_argument("--data-ends-at", type=int, help="steps")
    parser.add_argument("--lack", default="")
    parser.add_argument("--sample-log", type=Path)
    parser.add_argument("--fsdp", type=int, default=1)
    parser.add_argument("--tensor", type=int, default=1)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--file-limit", type=int, help="bytes")
    parser.add_argument("--disk-fills", action="store_true", help="the limit holds from the first checkpoint on")
    options = parser.parse_args(argv)
    if options.file_limit is not None and not options.disk_fills:
        limit_files(options.file_limit)
    if options.process:
        names = ("JAX_PROCESS_ID", "JAX_NUM_PROCESSES", "JAX_COORDINATOR_ADDRESS")
        index, count, port = options.process.split("/")
        os.environ.update(zip(names, (index, count, f"localhost:{port}"), strict=True))
        parallel.join_processes(timeout=60)
    task = FaultyTask(width=options.width, delay=options.delay)
    task.hangs_in, task.hangs_at = options.hang_in, options.hang_at
    task.disk_fills = options.workdir / "checkpoints" if options.disk_fills else None
    task.file_limit = options.file_limit
    task.sample_log, task.lacks = options.sample_log, options.lack
    if options.data_ends_at:
        task.data_ends_at = options.data_ends_at * task.batch
    if options.slow_saves:
        slow_saves(options.slow_saves)
    spec = toy_spec(
        total_steps=options.steps,
        save_every=options.save_every,
        eval_every=options.eval_every,
        process_timeout=options.process_timeout,
        mesh=parallel.MeshSpec(fsdp=options.fsdp, tensor=options.tensor),
        optimizer=OptimizerSpec(learning_rate=1e-2, min_lr_ratio=1.0),  # constant, whatever the number of steps
    )
    try:
        result = training.run(task, spec, options.workdir, on_stop=lambda step, *_: log(f"on_stop: step {step}"))
    except UserError as error:
        log(f"UserError: {error}")
        return 2
    if result.interrupted:
        exit_after(5, result.code)
        return result.code
    leaves = multihost_utils.process_allgather(jax.tree.leaves((result.state.params, result.frozen)), tiled=True)
    if jax.process_index() == 0:
        np.savez(options.workdir / "final.npz", *leaves)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
