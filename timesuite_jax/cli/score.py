"""Scores a file of predictions against a file of ground truth, with confidence intervals over videos.

Tasks: tvg (temporal grounding: R@1, mean IoU), mr (moment retrieval, official evaluation of QVHighlights), vhd
(highlight detection), dvc (dense captions: SODA_c, CIDEr, METEOR, F1), choice (multiple choice). Reads the files of the
original, of lmms-eval and of TimeLens; no text of a file is run as code.

examples:
  timesuite score --task tvg --predictions fmt_charades_test.json --truth test.caption_coco_format.json
  timesuite score --task mr --predictions submission.jsonl --truth highlight_val_release.jsonl --json
  timesuite score --task dvc --predictions fmt_youcook2.json --truth val.caption_coco_format.json --protocol paper
"""

import argparse

from timesuite_jax.cli._paths import disk_path
from timesuite_jax.json_text import to_json

TASKS = ("tvg", "mr", "vhd", "dvc", "choice")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--task", required=True, choices=TASKS, help="what the predictions are")
    parser.add_argument("--predictions", required=True, type=disk_path, metavar="FILE", help="JSON or JSON Lines")
    parser.add_argument("--truth", required=True, type=disk_path, metavar="FILE", help="ground truth")
    parser.add_argument(
        "--protocol",
        choices=["default", "paper"],
        default="default",
        help="paper: the numbers of the original's scorer of dense captions, errors included, and texts of tvg and mr "
        "read as by lmms-eval or TimeLens (default %(default)s)",
    )
    parser.add_argument(
        "--answered-only",
        action="store_true",
        help="leave out questions without a prediction, which count as wrong otherwise",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Prints the scores.

    Raises:
      UserError: if a file cannot be scored.
    """
    from timesuite_jax.evaluation import print_result  # imported late: slow
    from timesuite_jax.evaluation.file_scores import ScoreRequest, score_files
    from timesuite_jax.evaluation.report import print_breakdown

    request = ScoreRequest(args.predictions, args.truth, args.answered_only, args.protocol)
    result = score_files(args.task, request)
    if args.json:
        print(to_json(result.as_json()))
        return 0
    total = len(result.predictions) + len(result.dropped)
    part = f" ({len(result.predictions)} of {total})" if result.dropped else ""
    print_result(result, f"{args.task}: {args.predictions.name}{part}")
    print_breakdown(result)
    return 0
