"""Trains recommenders in sequence and prints the table of docs/mqsa_ted.md; takes hours on two cores.

    python benchmarks/recommender_results.py --data shared/interactions --out results
    python benchmarks/recommender_results.py --data shared/interactions --out results --sets beauty --methods full short
    python benchmarks/recommender_results.py --out results --table        # of finished runs, without training

Each run is a `timesuite train` process, and its metrics are those of the selected epoch: the first with the highest
validation NDCG@20. A restarted script skips finished runs and resumes the interrupted one. Arguments
`--config.KEY=VALUE` are passed to every run.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

import command_line

from timesuite_jax.cli._configs import load_config
from timesuite_jax.data.interactions import Interactions

CONFIGS = Path(__file__).parents[1] / "configs/mqsa_ted"
SETS = ("beauty", "sports", "toys", "yelp")
METHODS = {  # method -> config argument after the colon, name in the table
    "full": ("", "full method"),
    "short": ("short", "short query alone"),
    "long": ("long", "long query alone"),
    "no_ted": ("no_ted", "without distillation"),
    "sasrec": ("", "SASRec"),
    "sasrec_all": ("all_items", "SASRec, all items"),
}
COLUMNS = {f"{name}@{cutoff}": f"test/{name.lower()}_{cutoff}" for cutoff in (5, 10, 20) for name in ("HR", "NDCG")}
COLUMNS["validation NDCG@20"] = "validation/ndcg_20"


def config_location(kind: str, method: str, variant: str | None) -> str:
    """Returns the config of a method on a data set."""
    of_sasrec = method.startswith("sasrec")
    name = kind if of_sasrec and kind != "beauty" else ""  # the default of SASRec's config is beauty
    words = [name, METHODS[method][0], variant or ""]
    argument = ",".join(word for word in words if word)
    return f"{CONFIGS}/{'sasrec' if of_sasrec else kind}.py" + (f":{argument}" if argument else "")


def train(name: str, location: str, seed: int, data: Path, out: Path, overrides: list[str]) -> None:
    """Runs or resumes one training, and writes its metrics to OUT/NAME/result.json."""
    folder, words = out / name, [f"--config.training.seed={seed}", f"--config.data.path={data}", *overrides]
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "timesuite_jax.cli.main", "train", location, "--workdir", str(folder), "--json"]
    start = time.perf_counter()
    with (folder / "output.json").open("w") as output:
        # A process group of its own: Ctrl-C reaches this process only.
        child = subprocess.Popen([*command, *words], stdout=output, process_group=0)
    handler = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        _, status, usage = os.wait4(child.pid, 0)
    except KeyboardInterrupt:
        child.terminate()  # saves a checkpoint first
        _, status, usage = os.wait4(child.pid, 0)
    finally:
        signal.signal(signal.SIGTERM, handler)
    # An interrupted run has several attempts, whose times are added.
    attempts = folder / "attempts.json"
    finished = json.loads(attempts.read_text()) if attempts.exists() else []
    spent = {"seconds": time.perf_counter() - start, "cpu_seconds": usage.ru_utime + usage.ru_stime}
    finished.append({**spent, "peak_mib": usage.ru_maxrss / 1024})
    attempts.write_text(json.dumps(finished))
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 130, -signal.SIGTERM):  # finished, interrupted and saved, or interrupted before it started
        raise SystemExit(f"{name}: the training failed with exit code {code}")
    text = (folder / "output.json").read_text()
    result = json.loads(text) if text else {"interrupted": True}  # before training started
    if result["interrupted"]:
        raise KeyboardInterrupt(f"{name} is interrupted; run the script again to resume it")
    users = Interactions.load(data).num_users
    epoch = -(-users // load_config(location, words).data.batch_size)  # steps
    report = {
        "config": location.removeprefix(f"{CONFIGS}/"),
        "overrides": overrides,
        "seed": seed,
        "epochs": result["step"] / epoch,
        "selected_epoch": result["best"]["step"] / epoch,
        **result["best"]["metrics"],
        **{key: sum(attempt[key] for attempt in finished) for key in spent},
        "peak_mib": max(attempt["peak_mib"] for attempt in finished),
    }
    (folder / "result.json").write_text(json.dumps(report, indent=1))


def table(out: Path) -> str:
    """Returns a Markdown table: one row per method, with mean and (of several seeds) standard deviation."""
    head = ["set", "method", "epoch", *COLUMNS, "CPU minutes", "MiB"]
    rows = [head, ["---"] * len(head)]
    for kind in SETS:
        for method, (_, name) in METHODS.items():
            runs = [json.loads(file.read_text()) for file in sorted(out.glob(f"{kind}-{method}-*/result.json"))]
            if runs:
                epochs = ", ".join(f"{run['selected_epoch']:g} of {run['epochs']:g}" for run in runs)
                metrics = [_format([run[metric] for run in runs]) for metric in COLUMNS.values()]
                minutes = statistics.mean(run["cpu_seconds"] for run in runs) / 60
                memory = max(run["peak_mib"] for run in runs)
                rows.append([kind.capitalize(), name, epochs, *metrics, f"{minutes:.0f}", f"{memory:.0f}"])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _format(values: list[float]) -> str:
    deviation = [statistics.stdev(values)] if len(values) > 1 else []
    return " ± ".join(f"{value:.4f}".removeprefix("0") for value in [statistics.mean(values), *deviation])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of beauty.npz, sports.npz, toys.npz and yelp.npz")
    parser.add_argument("--out", type=Path, required=True, help="output folder, with one folder per run")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seeds", nargs="+", type=int, help="default: three for the full method on beauty, else one")
    parser.add_argument("--variant", help="further config argument of every run, e.g. debug")
    parser.add_argument("--table", action="store_true", help="print the table of finished runs, without training")
    args, overrides = parser.parse_known_args(argv)
    if unknown := [word for word in overrides if not word.startswith("--config.")]:
        parser.error(f"unrecognised: {' '.join(unknown)}")
    if not args.table and args.data is None:
        parser.error("--data is required to train; give the folder of the .npz files")
    runs = [
        (kind, method, seed)
        for kind in (() if args.table else args.sets)
        for method in args.methods
        for seed in args.seeds or (2023, 2024, 2025)[: 3 if (kind, method) == ("beauty", "full") else 1]
    ]
    for number, (kind, method, seed) in enumerate(runs, 1):
        name = f"{kind}-{method}-{seed}"
        if not (args.out / name / "result.json").exists():
            print(f"{name} ({number} of {len(runs)}) ...", file=sys.stderr)
            location = config_location(kind, method, args.variant)
            train(name, location, seed, args.data / f"{kind}.npz", args.out, overrides)
    print(table(args.out))


if __name__ == "__main__":
    command_line.run_main(main)
