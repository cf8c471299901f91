"""Recommends items that are likely to come next after a user's history.

examples:
  timesuite recommend --checkpoint runs/beauty --history history.csv --top 20
  timesuite recommend --checkpoint runs/beauty --step best --history histories.json --json
  timesuite recommend --config configs/mqsa_ted/beauty.py --history history.csv \\
      --config.weights.files="('beauty.safetensors',)"

A history is a CSV file with a column `item`, one line an item, and columns `user` and `time` where there are several
users or another order; or a .json file: a list of items, a list of such lists, or an object of user -> list.
"""

import argparse
import json
import sys
from pathlib import Path

from timesuite_jax.cli._model_args import add_model, is_first_process, load_recommender, model_config, on_all_devices
from timesuite_jax.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_model(parser, "--checkpoint")
    parser.add_argument("--history", type=Path, required=True, metavar="FILE", help="what users took, oldest first")
    parser.add_argument("--top", type=int, default=20, metavar="N", help="items to recommend (default %(default)s)")
    parser.add_argument("--seen", action="store_true", help="recommend items of the history, too")
    parser.add_argument("--data", metavar="NPZ", help="the interactions, if they are not where the config has them")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Recommends.

    Raises:
      UserError: if the checkpoint or the history cannot be used.
    """
    if args.top < 1:
        raise UserError(f"--top {args.top} is less than 1; give at least 1")
    if not args.history.is_file():
        raise UserError(f"there is no history {args.history}; give the path of a CSV or a .json file")
    from timesuite_jax.mqsa_ted.data import read_histories  # imported late: a missing file should be told at once

    histories = read_histories(args.history)
    config = model_config(args)
    task, params = load_recommender(args, config, args.data)
    with on_all_devices(config, task):
        made = task.recommender(params)(list(histories.values()), top=args.top, seen=args.seen)
    unknown = sorted({name for recommendation in made for name in recommendation.unknown})
    if sum(len(recommendation.unknown) for recommendation in made) == sum(map(len, histories.values())):
        raise UserError(f"no item of {args.history} is known to the model: {', '.join(unknown[:5])}; correct the names")
    if not is_first_process():
        return 0
    if args.json:
        print(json.dumps({user: each.as_json() for user, each in zip(histories, made, strict=True)}))
        return 0
    for user, recommendation in zip(histories, made, strict=True):
        known = len(histories[user]) - len(recommendation.unknown)
        print(f"user {user}" if known else f"user {user}: no item of the history is known")
        for place, (item, score) in enumerate(recommendation.items, 1):
            print(f"{place:4}  {score:8.3f}  {item}")
        if recommendation.unknown:
            print(f"left out of user {user}, unknown: {', '.join(recommendation.unknown)}", file=sys.stderr)
    return 0
