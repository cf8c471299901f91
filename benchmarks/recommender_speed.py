"""Measures MQSA-TED on CPU against upstream's dense formulation in plain PyTorch.

    python benchmarks/recommender_speed.py --data beauty.npz            # a table; some minutes on two idle cores
    python benchmarks/recommender_speed.py --data beauty.npz --users 0  # all users of the file
    python benchmarks/recommender_speed.py --data beauty.npz --json     # one JSON object

Both sides have the same weights and the same first batch and must return the same losses, gradient norms and metrics;
then repetitions are interleaved. An epoch is a step per 256 users and the ranking of every user's validation and test
item; both scale with the number of users, by default 2,048 evenly spaced ones. All items are kept.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import command_line
from interleave import compare
from recommender_workload import Sizes, first_batch, read_log, write_random, write_subset
from rich.console import Console
from rich.table import Table
from side_process import SideProcess

from timesuite_jax.progress import track

TARGETS = {"evaluation": 15.0, "step": 8.0, "epoch": 10.0}
TITLES = {
    "step": "training step, 256 users",
    "evaluation": "validation and test of {users:,} users",
    "epoch": "epoch of {users:,} users with evaluation",
}
MEMORY_TARGET = 3.0
MIB = 2**20


def dense_memory(path: Path, sizes: Sizes) -> dict[str, float]:
    """Returns the computed MiB of the dense formulation's arrays for one batch."""
    log = read_log(path, sizes)
    users = first_batch(log, sizes)
    heads = sum(len(log.train[user]) - 1 for user in users)
    return {
        "teacher_rows_mib": 4 * heads * log.items / MIB,
        "logits_of_a_branch_mib": 4 * len(users) * sizes.max_len * (log.items + 1) / MIB,
    }


def measure(path: Path, sizes: Sizes, repeats: int) -> dict[str, Any]:
    """Returns all measurements."""
    load = os.getloadavg()[0]
    memory = dense_memory(path, sizes)
    for name, module in track((("ours", "jax_mqsa"), ("torch", "torch_mqsa")), "memory"):
        side = SideProcess(module, path, sizes)
        side.run("step")
        memory[f"{name}_process_mib"] = side.peak_memory()
        side.close()
    # By default malloc returns PyTorch's allocations of half a gigabyte to the system, and page faults follow.
    # Upstream's framework keeps freed memory; letting PyTorch do so makes its steps up to twice as fast.
    keep = str(2**40)
    os.environ |= {"MALLOC_MMAP_THRESHOLD_": keep, "MALLOC_TRIM_THRESHOLD_": keep}
    ours, theirs = (SideProcess(module, path, sizes) for module in ("jax_mqsa", "torch_mqsa"))
    # The tolerance is that of the teacher's dense float32 softmax, whose rows sum to 0.9999965.
    compare(ours, theirs, "gradient", 1, tolerance=3e-4)
    comparisons = []
    for task, target in TARGETS.items():
        # Evaluation is first: after steps with dropout the weights differ.
        tolerance = 1e-4 if task == "evaluation" else None
        number = repeats if task == "step" else 1
        comparisons.append(compare(ours, theirs, task, number, target=target, tolerance=tolerance))
    ours.close()
    theirs.close()
    return {
        "comparisons": [comparison.as_dict() for comparison in comparisons],
        "memory": memory,
        "users": len(read_log(path, sizes).train),
        "cores": os.cpu_count(),
        "load_before_and_after": [load, os.getloadavg()[0]],
    }


def show(result: dict[str, Any]) -> None:
    """Prints the tables."""
    console = Console(width=140)
    speed = Table(
        "seconds", "ours: min", "median", "CPU", "PyTorch: min", "median", "CPU", "ratio", "CPU ratio", "target"
    )
    for row in result["comparisons"]:
        columns = ("ours_min", "ours_median", "ours_cpu_min", "torch_min", "torch_median", "torch_cpu_min")
        ratios = row["ratio"], row["torch_cpu_min"] / row["ours_cpu_min"], row["target"]
        title = TITLES[row["task"]].format(users=result["users"])
        speed.add_row(title, *(f"{row[name]:.3f}" for name in columns), *(f"{value:.1f}" for value in ratios))
    console.print(speed)
    memory = result["memory"]
    ratio = memory["torch_process_mib"] / memory["ours_process_mib"]
    console.print(
        f"peak memory of the process with its first step: ours {memory['ours_process_mib']:.0f} MiB, PyTorch "
        f"{memory['torch_process_mib']:.0f} MiB, ratio {ratio:.1f} (target {MEMORY_TARGET:.0f})"
    )
    console.print(
        f"dense arrays of one batch: teacher rows {memory['teacher_rows_mib']:.0f} MiB, logits of one branch "
        f"{memory['logits_of_a_branch_mib']:.0f} MiB"
    )
    before, after = result["load_before_and_after"]
    console.print(f"{result['cores']} cores; load {before:.1f} before, {after:.1f} after")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="interactions, as configs/mqsa_ted/beauty.py reads them")
    parser.add_argument("--users", type=int, default=2048, help="number of users; 0: all")
    parser.add_argument("--repeats", type=int, default=5, help="repetitions of the step on each side")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--tiny", action="store_true", help="random data to test this script; ratios are meaningless")
    args = parser.parse_args()
    if not (args.data or args.tiny):
        parser.error("--data is missing; give an .npz of interactions, or --tiny")
    # Read by the child processes when they import their framework.
    os.environ |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "interactions.npz"
        if args.tiny:
            write_random(path, users=60, items=90)
            result = measure(path, Sizes(width=8, max_len=10, batch=32), args.repeats)
        else:
            write_subset(args.data, args.users or 2**62, path)
            result = measure(path, Sizes(), args.repeats)
    print(json.dumps(result)) if args.json else show(result)


if __name__ == "__main__":
    command_line.run_main(main)
