"""VideoChat-T at its real sizes on one NVIDIA GPU, here against PyTorch with fused attention, both in bfloat16.

    python benchmarks/gpu_step.py                     # a table
    python benchmarks/gpu_step.py --json              # one JSON object
    python benchmarks/gpu_step.py --llm-layers 32     # all of Mistral-7B (a GPU of 80 GB)
    python benchmarks/gpu_step.py --tiny              # tests this script on CPU; the figures mean nothing

UMT-L/16 over 128 frames, the Q-Former of BERT-base, TAPE, and a language model as wide as Mistral-7B, 8 layers of it
unless told otherwise. Trained parameters are float32, frozen ones bfloat16, as in training. Without a GPU that both
frameworks see, it says so and ends well: there is nothing to measure.
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from flops import forward_flops, llm_parameters, step_flops
from rich.console import Console
from rich.table import Table
from rival import Rival, write_weights
from turns import compare
from workload import TINY, TINY_SHAPE, Shape, Sizes

TARGET = 1.3
REAL = Sizes(
    image=224, vision_dim=1024, vision_heads=16, vision_blocks=23, clips=16, qformer_dim=768, qformer_heads=12,
    qformer_layers=12, qformer_mlp=3072, bert_vocab=30523, llm_dim=4096, llm_heads=32, llm_layers=8, llm_kv_heads=8,
    llm_mlp=14336, llm_vocab=32000,
)  # fmt: skip
REAL_SHAPE = Shape(length=1408, answer=64)
BANDWIDTH = {"H100": 3.35e12, "H200": 4.8e12, "A100": 2.0e12, "L4": 0.3e12, "L40": 0.86e12}  # bytes/s, vendor's sheets
# Asked in processes of their own, so that this one holds no GPU memory.
ASK_JAX = "import jax; d = jax.devices()[0]; print(d.device_kind if d.platform == 'gpu' else '')"
ASK_TORCH = "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')"
ASK_PEAK = "import sys; from timesuite_jax.monitoring.meter import peak_flops; print(peak_flops(sys.argv[1]) or '')"


def ask(question: str, *arguments: str) -> str:
    """The last line that a Python program prints."""
    done = subprocess.run([sys.executable, "-c", question, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip().rpartition("\n")[2]


def measure(sizes: Sizes, shape: Shape, repeats: int, dtype: str, device: str) -> dict[str, Any]:
    """All figures, for a program to read; `device` is PyTorch's name for it."""
    tolerance = 1e-4 if dtype == "float32" else 3e-2
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.safetensors"
        write_weights(weights, sizes)
        ours = Rival("jax_videochat", weights, sizes, shape, dtype, False)
        theirs = Rival("torch_videochat", weights, sizes, shape, dtype, device)
        rows = {}
        for task in ("forward", "forward+backward"):
            rows[task] = compare(ours, theirs, task, repeats, target=TARGET, tolerance=tolerance).as_dict()
        # In bfloat16 two tokens can be equally likely, so their equality is left to the tests.
        rows["generate"] = compare(ours, theirs, "generate", repeats, target=TARGET, tolerance=None).as_dict()
        rows["prefill"] = compare(ours, theirs, "prefill", repeats, tolerance=None).as_dict()
        ours.close()
        theirs.close()
    work = {"forward": forward_flops(sizes, shape), "forward+backward": step_flops(sizes, shape)}
    for task, flops in work.items():
        rows[task] |= {f"{side}_flops_per_second": flops / rows[task][f"{side}_min"] for side in ("ours", "torch")}
    read = llm_parameters(sizes) * (4 if dtype == "float32" else 2)
    for side in ("ours", "torch"):
        a_token = (rows["generate"][f"{side}_min"] - rows["prefill"][f"{side}_min"]) / (shape.new_tokens - 1)
        rows["generate"][f"{side}_bytes_per_second"] = read / a_token
    return {"comparisons": list(rows.values()), "sizes": dataclasses.asdict(sizes), "dtype": dtype}


def show(result: dict[str, Any], peak: float | None, bandwidth: float | None) -> None:
    """Draws the table."""
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
    console.print(f"{result['device']}, {result['dtype']}; FLOP/s are model FLOPs (in brackets: of the peak)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--repeats", type=int, default=10, help="repetitions of each task on each side")
    parser.add_argument("--llm-layers", type=int, default=REAL.llm_layers, help="layers of the language model")
    parser.add_argument("--tiny", action="store_true", help="sizes for a test of this script, on CPU in float32")
    args = parser.parse_args()
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # both sides share one GPU
    if args.tiny:
        os.environ["JAX_PLATFORMS"] = "cpu"
        result = measure(TINY, TINY_SHAPE, args.repeats, "float32", "cpu") | {"device": "CPU"}
        peak = bandwidth = None
    else:
        kind = ask(ASK_JAX)
        if not kind or not ask(ASK_TORCH):
            reason = "JAX sees none" if not kind else "PyTorch sees none"
            print(
                f"gpu_step: nothing to measure, this needs an NVIDIA GPU and {reason} (--tiny tests the script on CPU)"
            )
            return
        sizes = dataclasses.replace(REAL, llm_layers=args.llm_layers)
        result = measure(sizes, REAL_SHAPE, args.repeats, "bfloat16", "cuda") | {"device": kind}
        answer = ask(ASK_PEAK, kind)
        peak = float(answer) if answer else None
        bandwidth = next((rate for name, rate in BANDWIDTH.items() if name in kind), None)
        result |= {"peak_flops_per_second": peak, "peak_bytes_per_second": bandwidth}
    if args.json:
        print(json.dumps(result))
    else:
        show(result, peak, bandwidth)


if __name__ == "__main__":
    main()
