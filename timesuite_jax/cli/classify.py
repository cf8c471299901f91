"""Recognizes the action in videos; prints the most likely classes.

examples:
  timesuite classify swim.mp4 run.mp4 --workdir runs/k400 --top 5
  timesuite classify swim.mp4 --workdir runs/k400 --step best --json
  timesuite classify swim.mp4 --config configs/internvideo2/finetune_1b.py:k400 \\
      --config.weights.files="('1B_ft_k710_ft_k400_f8.pth',)"
"""

import argparse
import json

from timesuite_jax.cli._model_args import add_model, is_first_process, open_model
from timesuite_jax.cli._paths import disk_path
from timesuite_jax.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("videos", type=disk_path, nargs="+", metavar="VIDEO", help="files that FFmpeg can read")
    add_model(parser)
    parser.add_argument("--top", type=int, default=5, metavar="N", help="classes of each video (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object a video")


def run(args: argparse.Namespace) -> int:
    """Prints the classes of each video.

    Raises:
      UserError: if a video or the model cannot be used.
    """
    if args.top < 1:
        raise UserError(f"--top {args.top} is less than 1; give at least 1")
    for video in args.videos:
        if not video.is_file():
            raise UserError(f"video {video} does not exist or is not a file; give the path of a video file")
    from timesuite_jax import registry  # imported late: the checks above take no time

    loaded = open_model(args, registry.Classifies).load()
    made = loaded.run(loaded.task.classify, args.videos, top=args.top)
    if not is_first_process():
        return 0
    for one in made:
        if args.json:
            print(json.dumps(one.as_json()))
            continue
        print(one.video)
        for name, probability in one.classes:
            print(f"{probability:8.3f}  {name}")
    return 0
