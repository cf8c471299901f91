"""Compiles the shipped settings ahead of time and prints the table of docs/aot.md; about three minutes a row.

    python benchmarks/aot_table.py --out aot                       # all rows; skips those in the folder
    python benchmarks/aot_table.py --out aot --rows B/v5e-64 chip
    python benchmarks/aot_table.py --out aot --table               # of the rows in the folder, without compiling

Each row is a `timesuite aot` of its own (`pip install -e ".[aot]"`), with the flags that the launch scripts set. Stage
C compiles the same programs as stage B.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import command_line

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "launch"))
from performance_flags import line, tpu_flags  # noqa: E402  (beside the launch scripts)

from timesuite_jax.configs.internvideo2.pods import PODS_1B, PODS_6B, PODS_DISTILL, Pod  # noqa: E402
from timesuite_jax.configs.timesuite.pods import PODS  # noqa: E402
from timesuite_jax.storage.atomic_write import atomic_write  # noqa: E402

STAGES = {"A": "linear_p", "B": "linear_pro_ada"}
# Files of InternVideo2, with the run that is compiled.
INTERNVIDEO2: dict[str, dict[str, Pod]] = {
    "pretrain_1b.py:": PODS_1B,
    "pretrain_6b.py:": PODS_6B,
    "distill.py:base,": PODS_DISTILL,
    "finetune_1b.py:k710,": PODS_1B,
    "finetune_6b.py:k710,": PODS_6B,
}
CHIP = ["configs/timesuite/finetune.py:one_chip", "--topology", "v5e:1x1", "--program", "train"]
# The whole batch of stage C on the chips of one host, without a preset.
HOST = ["configs/timesuite/finetune.py", "--topology", "v5e:2x4", "--program", "train"]
# Four chips for each 128 frames of the one video, so that a chip has four clips; of an hour's 1,350 it has six.
VIDEOS = {128: "v5e:2x2", 512: "v5e:4x4", 2048: "v5e:8x8", 10_800: "v5e:16x16"}


def rows() -> dict[str, list[str]]:
    """Name -> arguments of `timesuite aot`."""
    table = {"chip": CHIP, "C/whole": HOST}
    for stage, file in reversed(STAGES.items()):
        for name, pod in PODS.items():
            slices = ["--slices", str(pod.slices)]
            config = f"configs/timesuite/{file}.py:{name}"
            table[f"{stage}/{name}"] = [config, "--topology", pod.topology, *slices, "--program", "train"]
    by_xla = [f"--config.model.{part}.attention=xla" for part in ("vision", "mistral")]
    table["B/v5e-64/xla"] = [*table["B/v5e-64"], *by_xla]  # without the attention kernels
    for run, pods in INTERNVIDEO2.items():
        for name, pod in pods.items():
            words = [f"configs/internvideo2/{run}{name}", "--topology", pod.topology, "--program", "train"]
            table[f"{run.partition('.')[0]}/{name}"] = words
    for frames, topology in VIDEOS.items():
        long = [f"--config.model.num_frames={frames}"]
        long += [f"--config.data.buckets=({3 * frames + 512},)", "--config.evaluation.batch_size=1"]
        mesh = ["--config.training.mesh.data=-1", "--config.training.mesh.fsdp=4", "--config.data.batch_size=256"]
        mesh += ["--program", "encode"]
        table[f"video/{frames}"] = ["configs/timesuite/linear_pro_ada.py", "--topology", topology, *long, *mesh]
    return table


def compile_row(words: list[str], file: Path) -> None:
    """Compiles the program of a row with the flags of the launch scripts."""
    command = [sys.executable, "-m", "timesuite_jax.cli.main", "aot", *words, "--json"]
    topology = words[words.index("--topology") + 1]
    slices = int(words[words.index("--slices") + 1]) if "--slices" in words else 1
    flags = line(tpu_flags(topology.partition(":")[0], slices))
    environment = {**os.environ, "LIBTPU_INIT_ARGS": flags}
    done = command_line.run_child(command, check=False, cwd=ROOT, stdout=subprocess.PIPE, env=environment)
    if not done.stdout:  # exit code 1 with a report is a result: the program does not fit
        raise SystemExit(f"timesuite aot {' '.join(words)} failed with exit code {done.returncode}")
    with atomic_write(file) as partial:
        partial.write_text(done.stdout.splitlines()[-1])


def table(out: Path) -> str:
    """Markdown, one line per compiled row."""
    head = ["row", "arguments", "temporaries", "HBM limit", "compiled FLOPs", "/ model"]
    head += ["all-gather", "all-reduce", "reduce-scatter"]
    head += ["overlapped with compute", "lower-bound step time", "compile time"]
    lines = [head, ["---"] * len(head)]
    for name in rows():
        file = out / f"{name.replace('/', '-')}.json"
        if file.exists():
            (report,) = json.loads(file.read_text())
            lines.append([name, *_cells(report)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cells(report: dict[str, Any]) -> list[str]:
    def gib(amount: float) -> str:
        return f"{amount / 2**30:.2f}"

    memory, collectives = report["memory"], report["collectives"]
    received = {
        kind: sum(one["bytes"] for one in collectives if one["kind"] == kind)
        for kind in ("all-gather", "all-reduce", "reduce-scatter")
    }
    total, overlapped = (sum(one[key] for one in collectives) for key in ("bytes", "overlapped_bytes"))
    fits = "" if report["fits"] else ", does not fit"
    return [
        gib(memory["arguments"]),
        gib(report["temporaries"]) + fits,
        gib(memory["hbm_limit"]),
        "-" if report["flops"] is None else f"{report['flops'] / 1e12:.1f} T",
        "-" if report["flops_ratio"] is None else f"{report['flops_ratio']:.3f}",
        *(gib(amount) for amount in received.values()),
        f"{overlapped / total:.0%}" if total else "-",
        "-" if report["lower_bound_seconds"] is None else f"{report['lower_bound_seconds']:.2f} s",
        f"{report['compile_seconds']:.0f} s ({report['compile_cpu_seconds']:.0f} of CPU)",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder with one file per row")
    parser.add_argument("--rows", nargs="+", metavar="ROW", choices=rows(), help=f"default: all of {', '.join(rows())}")
    parser.add_argument("--table", action="store_true", help="print the table without compiling")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    names = [] if args.table else args.rows or list(rows())
    for number, name in enumerate(names, 1):
        file = args.out / f"{name.replace('/', '-')}.json"
        if not file.exists():
            print(f"{name} ({number} of {len(names)}) ...", file=sys.stderr)
            compile_row(rows()[name], file)
    print(table(args.out))


if __name__ == "__main__":
    command_line.run_main(main)
