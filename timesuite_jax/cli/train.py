"""Trains what a config file describes. Run again, it goes on where it stopped.

examples:
  timesuite train configs/timesuite/linear_p.py:debug --workdir /tmp/run
  timesuite train configs/timesuite/finetune.py --workdir gs://bucket/run \\
      --config.data.batch_size=64 --config.training.optimizer.learning_rate=2e-5
"""

import argparse
import json

from timesuite_jax.cli.configs import load_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options; `--config.KEY=VALUE` overrides are taken too."""
    parser.add_argument("config", metavar="CONFIG[:ARG]", help="config file; `:debug` is its small variant")
    parser.add_argument("--workdir", required=True, help="folder of the run: checkpoints, event files, parameter table")
    parser.add_argument("--json", action="store_true", help="print the last figures as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Trains.

    Raises:
      UserError: if the config or the data is wrong, or the work folder cannot be used.
    """
    config = load_config(args.config, args.overrides)
    from timesuite_jax import tasks, training  # imported late: a wrong config should be told at once

    spec = training.TrainingSpec.from_config(config.training)
    task = tasks.build(config)
    result = training.run(task, spec, args.workdir, config=config.to_dict())
    figures = {"step": result.step, "interrupted": result.interrupted, **result.metrics}
    if args.json:
        print(json.dumps(figures))
    else:
        print(f"step {result.step} of {spec.total_steps}, saved in {args.workdir}")
    return 0
