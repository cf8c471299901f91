"""Trains and scores a tiny model on a laptop, from scratch, with the code of a pod run, next to control experiments.

videochat_t (the default) makes mp4 videos of moving shapes, writes TFRecords, trains a VideoChat-T, answers questions
about unseen videos, scores the answers, draws a timeline, exports the checkpoint under PyTorch's names and imports it
again. internvideo2 makes mp4 videos of actions that need the order of frames, pretrains an encoder by masked
reconstruction of teachers' features, fine-tunes it, trains attentive probes, scores several views of unseen videos,
compares with training from scratch on few labels, extracts features, and draws masks, attention and a confusion matrix.

Run again with the same --workdir, it resumes.

examples:
  timesuite quickstart
  timesuite quickstart --family internvideo2
  timesuite quickstart --workdir /tmp/quickstart --seed 1 --json
"""

import argparse
import importlib
from pathlib import Path
from typing import Any

from timesuite_jax.cli._paths import disk_path
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json

FOLDERS = {"videochat_t": "quickstart", "internvideo2": "quickstart_internvideo2"}  # by family


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--family", choices=FOLDERS, default="videochat_t", help="of models (%(default)s)")
    parser.add_argument(
        "--workdir",
        type=disk_path,
        metavar="DIR",
        help=f"folder for all files (./{FOLDERS['videochat_t']}, or ./{FOLDERS['internvideo2']})",
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

    # These import JAX; errors in options are reported before.
    from timesuite_jax.apps import quickstart

    family: Any = importlib.import_module(f"{quickstart.__name__}.{args.family}").QUICKSTART
    outcome = quickstart.run(family, Path(args.workdir or FOLDERS[args.family]).resolve(), seed=args.seed)
    quickstart.print_outcome(family, outcome, Console(stderr=args.json))
    if args.json:
        print(to_json(outcome.as_json()))
    return 0
