"""Fine-tunes a model on your own videos, from a file of questions and answers to scores on held-out videos.

ROWS has one question a row, as JSON lines or CSV, with the columns video, question, answer and, for questions about
when something happens, start and end in seconds (or spans: [[start, end], ...]). All rows and videos are checked first;
bad rows are listed by line, and nothing is written before all are good. Videos are split, so that none is both trained
and evaluated on. Run again, the same command resumes. docs/finetune_on_your_videos.md leads through an example.

Without --weights, a machine without an accelerator trains a tiny model from scratch, to try the rows.

examples:
  timesuite finetune rows.jsonl --videos videos/ --workdir runs/mine
  timesuite finetune rows.csv --videos videos/ --workdir runs/mine --weights released
  timesuite finetune more.csv --videos videos/ --workdir runs/more --weights runs/mine --skip-bad-rows
  timesuite finetune rows.csv --videos videos/ --workdir runs/mine --config configs/timesuite/finetune.py:one_chip \\
      --config.training.epochs=3
"""

import argparse
from functools import partial
from pathlib import Path

from timesuite_jax.cli._configs import load_config
from timesuite_jax.cli._data_report import print_data_report
from timesuite_jax.cli._overrides import apply_overrides
from timesuite_jax.cli._paths import any_path, disk_path
from timesuite_jax.cli.data._numbers import add_deadline, not_negative, positive
from timesuite_jax.json_text import to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options; `--config.KEY=VALUE` overrides are parsed separately."""
    parser.add_argument("rows", type=any_path, metavar="ROWS", help="JSON lines or CSV, also compressed with gzip")
    parser.add_argument(
        "--videos", type=any_path, required=True, metavar="DIR", help="folder that the videos of the rows are in"
    )
    parser.add_argument(
        "--workdir", type=disk_path, required=True, metavar="DIR", help="folder of the run and its corpora"
    )
    parser.add_argument(
        "--weights",
        action="append",
        metavar="WHAT",
        help="what to start from: the folder of a run or of an export, a file of weights, ROLE=PATH (repeatable, as in "
        "`port import`), `released` (the files in docs/downloads.md) or `tiny` (a small model from scratch); the "
        "default is `released`, without an accelerator `tiny`",
    )
    parser.add_argument(
        "--config", metavar="CONFIG[:ARG]", help="config of the model and its training (default: that of the weights)"
    )
    parser.add_argument(
        "--held-out",
        type=_share,
        default=0.1,
        metavar="SHARE",
        help="share of the videos to evaluate on, from 0 (no evaluation) to below 1 (%(default)s)",
    )
    parser.add_argument("--seed", type=not_negative, default=0, help="of the split and the training (%(default)s)")
    parser.add_argument("--skip-bad-rows", action="store_true", help="leave bad rows out, and count them")
    parser.add_argument(
        "--on-bad-span",
        choices=("reject", "clip", "keep"),
        default="reject",
        help="times beyond the end of their video: a bad row, cut to the video, or kept as they are (%(default)s)",
    )
    parser.add_argument("--frames", type=positive, metavar="N", help="store N JPEG frames per video, for long videos")
    add_deadline(parser)
    parser.add_argument("--threads", type=positive, default=4, help="videos decoded concurrently (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object, last and on its own line")


def run(args: argparse.Namespace) -> int:
    """Fine-tunes.

    Raises:
      UserError: if rows, videos, weights or the work folder cannot be used.
    """
    base = load_config(args.config) if args.config else None
    from timesuite_jax.apps import finetune  # imports JAX; errors in options are reported before
    from timesuite_jax.checkpoints.malloc_tuning import limit_malloc_arenas
    from timesuite_jax.evaluation import print_result

    limit_malloc_arenas()
    spec = finetune.FinetuneSpec(
        rows=args.rows,
        videos=args.videos,
        workdir=Path(args.workdir),
        weights=tuple(args.weights or ()),
        held_out=args.held_out,
        seed=args.seed,
        on_bad_span=args.on_bad_span,
        skip_bad_rows=args.skip_bad_rows,
        frames=args.frames,
        deadline_s=args.deadline,
        threads=args.threads,
        config=args.config or "",
        overrides=tuple(args.overrides),
    )
    outcome = finetune.run(spec, base=base, override=partial(apply_overrides, overrides=args.overrides))
    commands = finetune.next_commands(spec, outcome.plan)
    if args.json:
        print(to_json({**outcome.as_json(), "next": commands}))
        return 0
    print_data_report(outcome.data)
    for name, result in outcome.results.items():
        print_result(result, name)
    if not outcome.results:
        print("nothing is held out, so there are no scores")
    print("\nnext:")
    for name, command in commands.items():
        print(f"{name}:\n  {command}")
    return 0


def _share(word: str) -> float:
    try:
        share = float(word)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:  # also nan
        raise argparse.ArgumentTypeError(f"{word!r} is not a share of at least 0 and below 1")
    return share
