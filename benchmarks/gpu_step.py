"""Measures VideoChat-T at its released sizes on one NVIDIA GPU against PyTorch with fused attention, in bfloat16.

    python benchmarks/gpu_step.py                     # a table
    python benchmarks/gpu_step.py --json              # one JSON object
    python benchmarks/gpu_step.py --llm-layers 32     # all of Mistral-7B (a GPU of 80 GB)
    python benchmarks/gpu_step.py --tiny              # tests this script on CPU; timings are meaningless

UMT-L/16 on 128 frames, the Q-Former of BERT-base, TAPE, and a language model of the width of Mistral-7B (8 layers by
default). Trained parameters are float32 and frozen ones bfloat16, as in training. Without a GPU that both frameworks
detect, it prints the reason and exits with status 0.
"""

import argparse
import dataclasses
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import command_line
from flops import forward_flops, llm_parameters, step_flops
from interleave import compare
from rich.console import Console
from rich.table import Table
from side_process import SideProcess, write_weights
from workload import TINY, TINY_SHAPE, Shape, Sizes

TARGET = 1.3
REAL = Sizes(
    image=224, vision_dim=1024, vision_heads=16, vision_blocks=23, clips=16, qformer_dim=768, qformer_heads=12,
    qformer_layers=12, qformer_mlp=3072, bert_vocab=30523, llm_dim=4096, llm_heads=32, llm_layers=8, llm_kv_heads=8,
    llm_mlp=14336, llm_vocab=32000,
)  # fmt: skip
REAL_SHAPE = Shape(length=1408, answer=64)
BANDWIDTH = {"H100": 3.35e12, "H200": 4.8e12, "A100": 2.0e12, "L4": 0.3e12, "L40": 0.86e12}  # bytes/s, data sheets
# Run in child processes, so that this one allocates no GPU memory.
QUERY_JAX = "import jax; d = jax.devices()[0]; print(d.device_kind if d.platform == 'gpu' else '')"
QUERY_TORCH = "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')"
QUERY_PEAK = "import sys; from timesuite_jax.monitoring.meter import peak_flops; print(peak_flops(sys.argv[1]) or '')"


def query(program: str, *arguments: str) -> str:
    """Runs a Python program and returns the last line of its output."""
    done = command_line.run_child([sys.executable, "-c", program, *arguments], capture_output=True)
    return done.stdout.strip().rpartition("\n")[2]


def measure(sizes: Sizes, shape: Shape, repeats: int, dtype: str, device: str) -> dict[str, Any]:
    """Returns all measurements; `device` is PyTorch's device name."""
    tolerance = 1e-4 if dtype == "float32" else 3e-2
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.safetensors"
        write_weights(weights, sizes)
        ours = SideProcess("jax_videochat", weights, sizes, shape, dtype, False)
        theirs = SideProcess("torch_videochat", weights, sizes, shape, dtype, device)
        rows = {}
        for task in ("forward", "forward+backward"):
            rows[task] = compare(ours, theirs, task, repeats, target=TARGET, tolerance=tolerance).as_dict()
        # In bfloat16 tokens can have equal logits, so only the tests compare them.
        rows["generate"] = compare(ours, theirs, "generate", repeats, target=TARGET, tolerance=None).as_dict()
        rows["prefill"] = compare(ours, theirs, "prefill", repeats, tolerance=None).as_dict()
        ours.close()
        theirs.close()
    model_flops = {"forward": forward_flops(sizes, shape), "forward+backward": step_flops(sizes, shape)}
    for task, flops in model_flops.items():
        rows[task] |= {f"{side}_flops_per_second": flops / rows[task][f"{side}_min"] for side in ("ours", "torch")}
    size = llm_parameters(sizes) * (4 if dtype == "float32" else 2)
    for side in ("ours", "torch"):
        seconds = (rows["generate"][f"{side}_min"] - rows["prefill"][f"{side}_min"]) / (shape.new_tokens - 1)
        rows["generate"][f"{side}_bytes_per_second"] = size / seconds
    return {"comparisons": list(rows.values()), "sizes": dataclasses.asdict(sizes), "dtype": dtype}


def show(result: dict[str, Any], peak: float | None, bandwidth: float | None) -> None:
    """Prints the table."""
    table = Table("task", "ours: min s", "PyTorch: min s", "ratio", "target", "ours", "PyTorch")

    def share(rate: float, limit: float | None, unit: str) -> str:
        return f"{rate / 1e12:.3g} T{unit}" + ("" if limit is None else f" ({rate / limit:.0%})")

    for row in result["comparisons"]:
        rates = []
        for side in ("ours", "torch"):
            if (flops := row.get(f"{side}_flops_per_second")) is not None:
                rates.append(share(flops, peak, "FLOP/s"))
            elif (read := row.get(f"{side}_bytes_per_second")) is not None:
                rates.append(share(read, bandwidth, "B/s"))
            else:
                rates.append("")
        target = "" if row["target"] is None else f"{row['target']:.1f}"
        seconds = (f"{row[name]:.4f}" for name in ("ours_min", "torch_min"))
        table.add_row(row["task"], *seconds, f"{row['ratio']:.2f}", target, *rates)
    console = Console()
    console.print(table)
    console.print(f"{result['device']}, {result['dtype']}; FLOP/s are model FLOPs (in parentheses: of the peak)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--repeats", type=int, default=10, help="repetitions of each task on each side")
    parser.add_argument("--llm-layers", type=int, default=REAL.llm_layers, help="layers of the language model")
    parser.add_argument("--tiny", action="store_true", help="tiny sizes to test this script, on CPU in float32")
    args = parser.parse_args()
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # both sides share one GPU
    if args.tiny:
        os.environ["JAX_PLATFORMS"] = "cpu"
        result = measure(TINY, TINY_SHAPE, args.repeats, "float32", "cpu") | {"device": "CPU"}
        peak = bandwidth = None
    else:
        kind = query(QUERY_JAX)
        if not kind or not query(QUERY_TORCH):
            reason = "JAX detects none" if not kind else "PyTorch detects none"
            print(
                f"gpu_step: nothing measured: an NVIDIA GPU is required, but {reason} (--tiny tests the script on CPU)"
            )
            return
        sizes = dataclasses.replace(REAL, llm_layers=args.llm_layers)
        result = measure(sizes, REAL_SHAPE, args.repeats, "bfloat16", "cuda") | {"device": kind}
        found = query(QUERY_PEAK, kind)
        peak = float(found) if found else None
        bandwidth = next((rate for name, rate in BANDWIDTH.items() if name in kind), None)
        result |= {"peak_flops_per_second": peak, "peak_bytes_per_second": bandwidth}
    if args.json:
        print(json.dumps(result))
    else:
        show(result, peak, bandwidth)


if __name__ == "__main__":
    command_line.run_main(main)
