"""Measures InternVideo2's encoder, its training steps and their memory against plain PyTorch.

    python benchmarks/internvideo2_speed.py                  # on CPU; about four minutes on two idle cores
    python benchmarks/internvideo2_speed.py --task encode    # one of encode, pretrain, finetune
    python benchmarks/internvideo2_speed.py --gpu            # widths of the 1B, bfloat16, on one NVIDIA GPU of 80 GB
    python benchmarks/internvideo2_speed.py --json           # one JSON object

Both sides have the same weights, batch and masks and must return the same norms of features, losses and norms of
gradients; then repetitions are interleaved. The result is the ratio (PyTorch / ours), since other load on the machine
affects both sides equally.
"""

import argparse
import json
import os
from collections.abc import Sequence
from typing import Any

import command_line
from gpu_step import QUERY_JAX, QUERY_TORCH, query
from interleave import compare
from internvideo2_workload import LARGE, MEDIUM, TINY, Sizes
from rich.console import Console
from rich.table import Table
from side_process import SideProcess

TARGETS = {"encode": 1.2, "pretrain": 1.3, "finetune": 1.3}
GPU_TARGET = 1.3
MEMORY_TARGET = 1.0
TITLES = {
    "encode": "encoder, forward",
    "pretrain": "training step, masked, with teachers",
    "finetune": "training step, fine-tuning",
}


def measure(
    sizes: Sizes, tasks: Sequence[str], repeats: int, dtype: str = "float32", device: str = "cpu"
) -> dict[str, Any]:
    """Returns all measurements; each task has fresh processes, so that their memory is its own.

    Args:
      sizes: of models and batch.
      tasks: what to measure.
      repeats: of each side.
      dtype: of the computation.
      device: PyTorch's name; memory is measured on "cpu" only.
    """
    load = os.getloadavg()[0]
    comparisons = []
    for task in tasks:
        ours = SideProcess("jax_internvideo2", sizes, dtype)
        theirs = SideProcess("torch_internvideo2", sizes, ours.run("noise").value, dtype, device)
        flops = ours.run("flops").value[task]
        target = TARGETS[task] if device == "cpu" else GPU_TARGET
        tolerance = 1e-4 if dtype == "float32" else 3e-2
        row = compare(ours, theirs, task, repeats, target=target, tolerance=tolerance).as_dict()
        for name, side in (("ours", ours), ("torch", theirs)):
            row[f"{name}_flops_per_second"] = flops / row[f"{name}_min"]
            if device == "cpu":
                row[f"{name}_process_mib"] = side.peak_memory()
                row[f"{name}_step_mib"] = side.peak_memory_of(task)
            side.close()
        comparisons.append(row)
    return {
        "comparisons": comparisons,
        "dtype": dtype,
        "cores": os.cpu_count(),
        "load_before_and_after": [load, os.getloadavg()[0]],
    }


def show(result: dict[str, Any]) -> None:
    """Prints the tables."""
    console = Console(width=140)
    speed = Table("seconds", "ours: min", "CPU", "TFLOP/s", "PyTorch: min", "CPU", "TFLOP/s", "ratio", "target")
    memory = Table("peak MiB", "of", "ours", "PyTorch", "ratio", "target")
    titles = {"process": "process: imports, compilation, all steps", "step": "process in a later step"}
    for row in result["comparisons"]:
        cells = []
        for side in ("ours", "torch"):
            cells += [f"{row[f'{side}_min']:.3f}", f"{row[f'{side}_cpu_min']:.3f}"]
            cells.append(f"{row[f'{side}_flops_per_second'] / 1e12:.3f}")
        speed.add_row(TITLES[row["task"]], *cells, f"{row['ratio']:.2f}", f"{row['target']:.1f}")
        for kind, title in titles.items():
            if f"ours_{kind}_mib" in row:
                ours, theirs = row[f"ours_{kind}_mib"], row[f"torch_{kind}_mib"]
                numbers = (f"{ours:.0f}", f"{theirs:.0f}", f"{theirs / ours:.2f}", f"{MEMORY_TARGET:.1f}")
                memory.add_row(TITLES[row["task"]], title, *numbers)
    console.print(speed)
    if memory.row_count:
        console.print(memory)
    before, after = result["load_before_and_after"]
    console.print(
        f"{result['device']}, {result['dtype']}; FLOP/s are those of the model; {result['cores']} cores; load "
        f"{before:.1f} before, {after:.1f} after"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--task", action="append", choices=tuple(TARGETS), help="what to measure; default: all")
    parser.add_argument("--repeats", type=int, default=6, help="repetitions of each task on each side")
    parser.add_argument("--gpu", action="store_true", help="on one NVIDIA GPU, against PyTorch with fused attention")
    parser.add_argument("--tiny", action="store_true", help="tiny sizes to test this script on CPU")
    args = parser.parse_args()
    tasks = args.task or tuple(TARGETS)
    # Read by the child processes when they import their framework.
    if args.gpu and not args.tiny:
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # both sides share one GPU
        device = query(QUERY_JAX)
        if not device or not query(QUERY_TORCH):
            missing = "JAX detects none" if not device else "PyTorch detects none"
            print(f"internvideo2_speed: nothing measured: --gpu needs an NVIDIA GPU, but {missing}")
            return
        result = measure(LARGE, tasks, args.repeats, "bfloat16", "cuda")
    else:
        os.environ["JAX_PLATFORMS"] = "cpu"
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        device = "CPU"
        result = measure(TINY if args.tiny else MEDIUM, tasks, args.repeats)
    result["device"] = device
    if args.json:
        print(json.dumps(result))
    else:
        show(result)


if __name__ == "__main__":
    command_line.run_main(main)
