"""Recommends items that are likely to come next in a user's history.

examples:
  timesuite recommend --workdir runs/beauty --user 17 --top 20
  timesuite recommend --workdir runs/beauty --history history.csv
  timesuite recommend --workdir runs/beauty --step best --history histories.json --json
  timesuite recommend --config configs/mqsa_ted/beauty.py --history history.csv \\
      --config.weights.files="('beauty.safetensors',)"

A history is a file with a column `item`, one row per item, and columns `user` and `time` if it has several users or is
not sorted, in any format that `timesuite data interactions` reads; or a .json file: a list of items, a list of such
lists, or an object {user: list}.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence

from etils import epath

from timesuite_jax.cli._model_args import add_model, is_first_process, open_model
from timesuite_jax.cli._paths import any_path
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_model(parser)
    histories = parser.add_mutually_exclusive_group(required=True)
    histories.add_argument("--user", action="append", metavar="NAME", help="a user of the data (repeatable)")
    histories.add_argument("--history", type=any_path, metavar="FILE", help="items of users, oldest first")
    parser.add_argument("--top", type=int, default=20, metavar="N", help="items to recommend (default %(default)s)")
    parser.add_argument("--seen", action="store_true", help="also recommend items of the history")
    parser.add_argument(
        "--on-unknown",
        choices=("reject", "ignore"),
        default="ignore",
        help="what to do with items that the model does not know; ignored ones are listed (%(default)s)",
    )
    parser.add_argument("--data", metavar="NPZ", help="the training interactions, if not at the config's data.path")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Prints recommendations for every history or user.

    Raises:
      UserError: if the model or the history cannot be used.
    """
    if args.top < 1:
        raise UserError(f"--top {args.top} is less than 1; give at least 1")
    if args.history and not args.history.is_file():
        raise UserError(f"history {args.history} does not exist or is not a file; give the path of a CSV or .json file")
    from timesuite_jax import registry  # imported late: the checks above take no time

    histories = _read(args.history) if args.history else {}
    model = open_model(args, registry.Recommends, [args.data] if args.data else None)
    if args.user:
        histories = {user: model.task.user_history(user) for user in args.user}
    loaded = model.load()
    made = loaded.run(
        loaded.task.recommend, list(histories.values()), top=args.top, seen=args.seen, on_unknown=args.on_unknown
    )
    unknown = sorted({name for recommendation in made for name in recommendation.unknown})
    if sum(len(recommendation.unknown) for recommendation in made) == sum(map(len, histories.values())):
        raise UserError(f"the model knows no item of {args.history} ({', '.join(unknown[:5])}); correct the names")
    if not is_first_process():
        return 0
    if args.json:
        print(to_json({user: each.as_json() for user, each in zip(histories, made, strict=True)}))
        return 0
    for user, recommendation in zip(histories, made, strict=True):
        known = len(histories[user]) - len(recommendation.unknown)
        print(f"user {user}" if known else f"user {user}: no known item in the history")
        for rank, (item, score) in enumerate(recommendation.items, 1):
            print(f"{rank:4}  {score:8.3f}  {item}")
        if recommendation.unknown:
            print(f"user {user}: ignored unknown items {', '.join(recommendation.unknown)}", file=sys.stderr)
    return 0


def _read(history: epath.Path) -> Mapping[str, Sequence[str]]:
    from timesuite_jax.data.interactions.history_file import read_histories
    from timesuite_jax.storage.staging import local_copy

    return read_histories(local_copy(history))
