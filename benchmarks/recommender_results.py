"""Trains recommenders one after another and makes the table of docs/mqsa_ted.md; hours on two cores.

    python benchmarks/recommender_results.py --data shared/interactions --out results
    python benchmarks/recommender_results.py --data shared/interactions --out results --sets beauty --methods full short
    python benchmarks/recommender_results.py --out results --table        # of what is there, training nothing

Every run is a `timesuite train` of its own, and its figures are those of the epoch that it selects: the first with the
highest validation NDCG@20. Started again, the script leaves finished runs alone and goes on with the one that was cut
off. What is behind it as `--config.KEY=VALUE` goes to every run.
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

from timesuite_jax.cli._configs import load_config

CONFIGS = Path(__file__).parents[1] / "configs/mqsa_ted"
SETS = ("beauty", "sports", "toys", "yelp")
METHODS = {  # method -> what stands behind the colon, name in the table
    "full": ("", "full method"),
    "short": ("short", "short query alone"),
    "long": ("long", "long query alone"),
    "no_ted": ("no_ted", "without distillation"),
    "sasrec": ("", "SASRec"),
    "sasrec_all": ("all_items", "SASRec, all items"),
}
COLUMNS = {f"{name}@{cutoff}": f"test/{name.lower()}_{cutoff}" for cutoff in (5, 10, 20) for name in ("HR", "NDCG")}
COLUMNS["validation NDCG@20"] = "validation/ndcg_20"


def location_of(kind: str, method: str, variant: str | None) -> str:
    """The config of a method on a data set."""
    of_sasrec = method.startswith("sasrec")
    name = kind if of_sasrec and kind != "beauty" else ""  # SASRec's config is for beauty unless it is told otherwise
    words = [name, METHODS[method][0], variant or ""]
    behind = ",".join(word for word in words if word)
    return f"{CONFIGS}/{'sasrec' if of_sasrec else kind}.py" + (f":{behind}" if behind else "")


def train(name: str, location: str, seed: int, data: Path, out: Path, overrides: list[str]) -> None:
    """One run, from where it stands to its end; its figures go to OUT/NAME/result.json."""
    folder, words = out / name, [f"--config.training.seed={seed}", f"--config.data.path={data}", *overrides]
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "timesuite_jax.cli.main", "train", location, "--workdir", str(folder), "--json"]
    began = time.perf_counter()
    with (folder / "told.json").open("w") as told:
        child = subprocess.Popen([*command, *words], stdout=told)
    handler = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        _, status, usage = os.wait4(child.pid, 0)
    except KeyboardInterrupt:
        child.terminate()  # it saves first
        _, status, usage = os.wait4(child.pid, 0)
    finally:
        signal.signal(signal.SIGTERM, handler)
    # A run that is cut off has several attempts; what they took is added up.
    attempts = folder / "attempts.json"
    known = json.loads(attempts.read_text()) if attempts.exists() else []
    spent = {"seconds": time.perf_counter() - began, "cpu_seconds": usage.ru_utime + usage.ru_stime}
    known.append({**spent, "peak_mib": usage.ru_maxrss / 1024})
    attempts.write_text(json.dumps(known))
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 130):  # done, or stopped with all saved
        raise SystemExit(f"{name}: the training failed with exit code {code}")
    said = (folder / "told.json").read_text()
    result = json.loads(said) if said else {"interrupted": True}  # stopped before it had begun
    if result["interrupted"]:
        raise SystemExit(f"{name}: stopped; start the script again to go on")
    epoch = load_config(location, words).training.eval_every
    report = {
        "config": location.removeprefix(f"{CONFIGS}/"),
        "overrides": overrides,
        "seed": seed,
        "epochs": result["step"] / epoch,
        "selected_epoch": result["best"]["step"] / epoch,
        **result["best"]["metrics"],
        **{key: sum(attempt[key] for attempt in known) for key in spent},
        "peak_mib": max(attempt["peak_mib"] for attempt in known),
    }
    (folder / "result.json").write_text(json.dumps(report, indent=1))


def table(out: Path) -> str:
    """Markdown: a row a method, the mean of its seeds and, of several, their standard deviation."""
    head = ["set", "method", "epoch", *COLUMNS, "CPU minutes", "MiB"]
    rows = [head, ["---"] * len(head)]
    for kind in SETS:
        for method, (_, name) in METHODS.items():
            runs = [json.loads(file.read_text()) for file in sorted(out.glob(f"{kind}-{method}-*/result.json"))]
            if runs:
                epochs = ", ".join(f"{run['selected_epoch']:g} of {run['epochs']:g}" for run in runs)
                figures = [_shown([run[figure] for run in runs]) for figure in COLUMNS.values()]
                minutes = statistics.mean(run["cpu_seconds"] for run in runs) / 60
                memory = max(run["peak_mib"] for run in runs)
                rows.append([kind.capitalize(), name, epochs, *figures, f"{minutes:.0f}", f"{memory:.0f}"])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _shown(values: list[float]) -> str:
    spread = [statistics.stdev(values)] if len(values) > 1 else []
    return " ± ".join(f"{value:.4f}".removeprefix("0") for value in [statistics.mean(values), *spread])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of beauty.npz, sports.npz, toys.npz and yelp.npz")
    parser.add_argument("--out", type=Path, required=True, help="folder of a folder a run")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--seeds", nargs="+", type=int, help="default: three for the full method on beauty, else one")
    parser.add_argument("--variant", help="behind the colon of every config, too, e.g. debug")
    parser.add_argument("--table", action="store_true", help="train nothing, print the table of what is there")
    args, overrides = parser.parse_known_args(argv)
    if unknown := [word for word in overrides if not word.startswith("--config.")]:
        parser.error(f"unrecognised: {' '.join(unknown)}")
    if not args.table and args.data is None:
        parser.error("--data is needed to train")
    for kind in () if args.table else args.sets:
        for method in args.methods:
            location = location_of(kind, method, args.variant)
            for seed in args.seeds or (2023, 2024, 2025)[: 3 if (kind, method) == ("beauty", "full") else 1]:
                name = f"{kind}-{method}-{seed}"
                if not (args.out / name / "result.json").exists():
                    print(f"{name} ...", file=sys.stderr)
                    train(name, location, seed, args.data / f"{kind}.npz", args.out, overrides)
    print(table(args.out))


if __name__ == "__main__":
    main()
