"""The main job on a laptop, from nothing: makes real mp4 films of moving shapes, writes TFRecords, trains a tiny
VideoChat-T through the pipeline of a pod run, answers questions about films it has never seen, scores the answers
beside controls, draws a timeline, exports the checkpoint under PyTorch's names and reads it back.

Run again with the same --workdir, it goes on where it stopped.

examples:
  timesuite quickstart
  timesuite quickstart --workdir /tmp/quickstart --seed 1 --json
"""

import argparse
import json
from pathlib import Path

from timesuite_jax.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--workdir", type=Path, default=Path("quickstart"), help="folder for everything that is made (./%(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of films, parameters and data order (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object, last and on its own line")


def run(args: argparse.Namespace) -> int:
    """Runs it.

    Raises:
      UserError: if the work folder cannot be used.
    """
    if args.seed < 0:
        raise UserError(f"--seed {args.seed} is below 0; give 0 or more")
    from rich.console import Console

    from timesuite_jax.apps import quickstart  # pulls in JAX; a wrong option should be told at once

    outcome = quickstart.run(args.workdir.resolve(), quickstart.CONFIG, seed=args.seed)
    quickstart.print_outcome(outcome, Console(stderr=args.json))
    if args.json:
        print(json.dumps(outcome.as_json()))
    return 0
