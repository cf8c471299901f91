"""Trains the model that a config file describes; an interrupted run resumes.

Every key of the config can be overridden: --config.KEY=VALUE, --config.PART.KEY=VALUE; `timesuite train CONFIG --help`
lists the keys.

examples:
  timesuite data synthetic --out data/debug
  timesuite train configs/timesuite/linear_p.py:debug --workdir runs/debug
  timesuite train configs/timesuite/finetune.py --workdir gs://my-bucket/run \\
      --config.data.batch_size=64 --config.training.optimizer.learning_rate=2e-5
"""

import argparse
from collections.abc import Mapping
from typing import Any

from timesuite_jax.cli._columns import print_wrapped
from timesuite_jax.cli._configs import load_config
from timesuite_jax.cli._data_report import print_data_report
from timesuite_jax.cli._processes import join_processes
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options; `--config.KEY=VALUE` overrides are parsed separately."""
    parser.add_argument("config", metavar="CONFIG[:ARG]", help="config file; `:debug` is its small variant")
    parser.add_argument(
        "--workdir", required=True, metavar="DIR", help="folder of the run, for checkpoints and event files"
    )
    parser.add_argument("--json", action="store_true", help="print the last metrics as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Trains.

    Raises:
      UserError: if the config or the data is wrong, or the work folder cannot be used.
    """
    config = load_config(args.config, args.overrides)
    from timesuite_jax import training
    from timesuite_jax.checkpoints.malloc_tuning import limit_malloc_arenas
    from timesuite_jax.checkpoints.run_files import use_run_files
    from timesuite_jax.registry import build, complete_config
    from timesuite_jax.resilience.preemption import (
        exit_after,  # imported late: errors in the config are reported at once
    )

    if "training" not in config:
        raise UserError(f"{args.config} has no config.training; see configs/timesuite for an example")
    limit_malloc_arenas()
    join_processes()
    given = use_run_files(config.to_dict(), args.workdir)
    spec = training.TrainingSpec.from_config(given["training"])
    task = build(given)
    # Epochs stay epochs: a run that resumes with another batch size converts them to its own steps.
    complete = complete_config(given, task, spec)
    spec = spec.in_steps(task.steps_per_epoch)

    def print_json(step: int, metrics: Mapping[str, float], data: training.DataReport, **fields: Any) -> None:
        if args.json:
            print(to_json({"step": step, "interrupted": True, **metrics, **fields, "data": data}))

    result = training.run(task, spec, args.workdir, config=complete, on_stop=print_json)
    if result.interrupted:
        exit_after(10, result.code)  # all is saved; a reader that hangs must not keep the process
    if args.json:
        best = {"best": result.best._asdict()} if result.best else {}
        print_json(result.step, result.metrics, result.data_report, interrupted=result.interrupted, **best)
        return result.code
    print_data_report(result.data_report)
    print(f"step {result.step} of {spec.total_steps}, saved in {args.workdir}")
    if result.best:
        print_wrapped(
            f"best {spec.best} at step {result.best.step}:",
            [f"{name} {value:.4g}" for name, value in result.best.metrics.items()],
        )
    return result.code
