"""Recognizes the action in videos; prints the most likely classes.

examples:
  timesuite classify swim.mp4 run.mp4 --workdir runs/k400 --top 5
  timesuite classify swim.mp4 --workdir runs/k400 --step best --json
  timesuite classify swim.mp4 --config configs/internvideo2/finetune_1b.py:k400 \\
      --config.weights.files="('1B_ft_k710_ft_k400_f8.pth',)"
"""

import argparse
import sys
from typing import TYPE_CHECKING

from timesuite_jax.cli._model_args import add_model, is_first_process, open_model
from timesuite_jax.cli._paths import disk_path
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json

if TYPE_CHECKING:
    from timesuite_jax.param_tree import Params
    from timesuite_jax.registry import Classifies


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("videos", type=disk_path, nargs="+", metavar="VIDEO", help="files that FFmpeg can read")
    add_model(parser)
    parser.add_argument("--top", type=int, default=5, metavar="N", help="classes of each video (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object a video")


def run(args: argparse.Namespace) -> int:
    """Prints the classes of each video; returns 1 if a video could not be used.

    Raises:
      UserError: if a path is not that of a file, or the model cannot be used.
    """
    if args.top < 1:
        raise UserError(f"--top {args.top} is less than 1; give at least 1")
    for video in args.videos:
        if not video.is_file():
            raise UserError(f"video {video} does not exist or is not a file; give the path of a video file")
    from timesuite_jax import registry  # imported late: the checks above take no time

    loaded = open_model(args, registry.Classifies).load()
    failed = loaded.run(_print_classes, loaded.task, args)
    return 1 if failed else 0


def _print_classes(params: "Params", task: "Classifies", args: argparse.Namespace) -> int:
    """Prints the classes of each video as soon as they are known; returns the number of videos without any."""
    from timesuite_jax.media import VideoError

    failed = 0
    for one in task.classify(params, args.videos, top=args.top):
        failed += isinstance(one, VideoError)
        if not is_first_process():
            continue
        if isinstance(one, VideoError):
            print(f"timesuite classify: {one}", file=sys.stderr)
        elif args.json:
            print(to_json(one.as_json()), flush=True)
        else:
            print(one.video)
            for name, probability in one.classes:
                print(f"{probability:8.3f}  {name}")
    return failed
