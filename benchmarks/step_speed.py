"""Measures a training step, an answer and the memory of VideoChat-T on CPU against plain PyTorch.

    python benchmarks/step_speed.py            # tables; about three minutes on two idle cores
    python benchmarks/step_speed.py --json     # one JSON object

Both sides have the same weights and batch and must return the same loss, gradient norm and tokens; then repetitions are
interleaved. The result is the ratio (PyTorch / ours), since other load on the machine affects both sides equally.
"""

import argparse
import dataclasses
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import command_line
from interleave import compare
from rich.console import Console
from rich.table import Table
from side_process import SideProcess, write_weights
from workload import MEDIUM, TINY, TINY_SHAPE, Shape, Sizes

from timesuite_jax.progress import track

TARGETS = {"forward": 1.0, "forward+backward": 1.2, "generate": 2.0, "answer": None, "product": None}
MEMORY_TARGET = 1.0
# The large batch, whose memory is dominated by logits at every position.
VOCABULARY, SAMPLES = 32_000, 4  # Mistral's vocabulary
TITLES = {
    "forward": "forward and loss",
    "forward+backward": "forward and backward",
    "generate": "greedy, {new_tokens} tokens from a prompt",
    "answer": "greedy, {new_tokens} tokens from frames",
    "product": "20 matrix products, 1024x256x1024",
}
MEMORY_TITLES = {
    "process": "process: imports, compilation, first step",
    "step": "process in a later step",
}


def measure(sizes: Sizes, shape: Shape, repeats: int) -> dict[str, Any]:
    """Returns all measurements."""
    load = os.getloadavg()[0]
    with sides(sizes, shape) as (ours, theirs):
        memory = {"the batch above": peaks(ours, theirs)}  # first, in fresh processes
        comparisons = [compare(ours, theirs, task, repeats, target=target) for task, target in TARGETS.items()]
    large = dataclasses.replace(sizes, llm_vocab=VOCABULARY), dataclasses.replace(shape, samples=SAMPLES)
    with sides(*large) as (ours, theirs):
        memory[f"{SAMPLES} samples, {VOCABULARY:,} tokens in the vocabulary"] = peaks(ours, theirs)
    return {
        "comparisons": [comparison.as_dict() for comparison in comparisons],
        "memory": memory,
        "cores": os.cpu_count(),
        "load_before_and_after": [load, os.getloadavg()[0]],
    }


@contextmanager
def sides(sizes: Sizes, shape: Shape) -> Iterator[tuple[SideProcess, SideProcess]]:
    """Yields both sides with the same weights, each in its own process."""
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.safetensors"
        write_weights(weights, sizes)
        ours, theirs = (SideProcess(module, weights, sizes, shape) for module in ("jax_videochat", "torch_videochat"))
        yield ours, theirs
        ours.close()
        theirs.close()


def peaks(ours: SideProcess, theirs: SideProcess) -> dict[str, float]:
    """Returns the peak memory of forward and backward pass on each side, in MiB."""
    memory = {}
    for name, side in track((("ours", ours), ("torch", theirs)), "memory"):
        side.run("forward+backward")
        memory[f"{name}_process_mib"] = side.peak_memory()
        memory[f"{name}_step_mib"] = side.peak_memory_of("forward+backward")
    return memory


def show(result: dict[str, Any], shape: Shape) -> None:
    """Prints the tables."""
    console = Console(width=140)
    speed = Table("seconds", "ours: min", "median", "CPU", "PyTorch: min", "median", "CPU", "ratio", "target")
    for row in result["comparisons"]:
        columns = ("ours_min", "ours_median", "ours_cpu_min", "torch_min", "torch_median", "torch_cpu_min")
        target = "" if row["target"] is None else f"{row['target']:.1f}"
        title = TITLES[row["task"]].format(new_tokens=shape.new_tokens)
        speed.add_row(title, *(f"{row[name]:.3f}" for name in columns), f"{row['ratio']:.2f}", target)
    console.print(speed)
    memory = Table("peak MiB of forward and backward", "of", "ours", "PyTorch", "ratio", "target")
    for batch, mib in result["memory"].items():
        for kind, title in MEMORY_TITLES.items():
            ours, theirs = mib[f"ours_{kind}_mib"], mib[f"torch_{kind}_mib"]
            memory.add_row(batch, title, f"{ours:.0f}", f"{theirs:.0f}", f"{theirs / ours:.2f}", f"{MEMORY_TARGET:.1f}")
    console.print(memory)
    before, after = result["load_before_and_after"]
    console.print(f"{result['cores']} cores; load {before:.1f} before, {after:.1f} after")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--repeats", type=int, default=8, help="repetitions of each task on each side")
    parser.add_argument("--tiny", action="store_true", help="tiny sizes to test this script; ratios are meaningless")
    args = parser.parse_args()
    # Read by the child processes when they import their framework.
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    sizes, shape = (TINY, TINY_SHAPE) if args.tiny else (MEDIUM, Shape())
    result = measure(sizes, shape, args.repeats)
    if args.json:
        print(json.dumps(result))
    else:
        show(result, shape)


if __name__ == "__main__":
    command_line.run_main(main)
