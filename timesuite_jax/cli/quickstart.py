"""Trains and scores a tiny VideoChat-T on a laptop, from scratch: makes mp4 videos of moving shapes, writes TFRecords,
trains with the code of a pod run, answers questions about unseen videos, scores the answers next to control
experiments, draws a timeline, exports the checkpoint under PyTorch's names and imports it again.

Run again with the same --workdir, it resumes.

examples:
  timesuite quickstart
  timesuite quickstart --workdir /tmp/quickstart --seed 1 --json
"""

import argparse
import json
from pathlib import Path

from timesuite_jax.cli._paths import disk_path
from timesuite_jax.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--workdir", type=disk_path, default="quickstart", metavar="DIR", help="folder for all files (./%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed of data and training (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object, last and on its own line")


def run(args: argparse.Namespace) -> int:
    """Runs the quickstart.

    Raises:
      UserError: if the work folder cannot be used.
    """
    if args.seed < 0:
        raise UserError(f"--seed {args.seed} is below 0; give 0 or more")
    from rich.console import Console

    from timesuite_jax.apps import quickstart  # imports JAX; errors in options are reported before

    outcome = quickstart.run(Path(args.workdir).resolve(), quickstart.CONFIG, seed=args.seed)
    quickstart.print_outcome(outcome, Console(stderr=args.json))
    if args.json:
        print(json.dumps(outcome.as_json()))
    return 0
