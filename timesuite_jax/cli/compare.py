r"""Explains why two scores differ: settings, frames, prompts, missing videos and answers of two results.

A and B are folders of `timesuite evaluate --results`, their `result.json`, or files with what `timesuite evaluate
--json` or `timesuite score --json` prints. Differences are B - A, with a paired test over the questions in both.

examples:
  timesuite compare results/before results/after
  timesuite compare A.json B.json --metric r1_iou_0.5 --examples 20
  timesuite compare A.json B.json --json
"""

import argparse
from pathlib import Path

from timesuite_jax.cli._paths import disk_path
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("a", type=disk_path, metavar="A", help="a result: a file, or the folder of --results")
    parser.add_argument("b", type=disk_path, metavar="B", help="another one")
    parser.add_argument("--metric", metavar="NAME", help="metric that is explained (default: the benchmark's main one)")
    parser.add_argument(
        "--examples", type=int, default=10, metavar="N", help="number of changed questions that are shown (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Prints the comparison.

    Raises:
      UserError: if a result cannot be read, or the two have no metric in common.
    """
    if args.examples < 0:
        raise UserError(f"--examples {args.examples} is less than 0; give at least 0")
    from timesuite_jax.evaluation.comparison import compare, read_result  # imported late: slow
    from timesuite_jax.evaluation.comparison.table import print_comparison

    results = [read_result(Path(path)) for path in (args.a, args.b)]
    found = compare(*results, metric=args.metric, examples=args.examples)
    if args.json:
        print(to_json(found.as_json()))
    else:
        print_comparison(found)
    return 0
