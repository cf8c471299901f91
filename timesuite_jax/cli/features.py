"""Extracts features of videos by sliding windows: a file for each video, in constant memory; resumes after a kill.

examples:
  timesuite features kitchen.mp4 --out features --workdir runs/pretrain
  timesuite features videos/ --out features --config configs/internvideo2/encoder.py:1b \\
      --config.weights.files="('downloads/InternVideo2-stage2_1b-224p-f4.pt',)"
  timesuite features charades/ --out features --window 1 --stride 1 --format parquet --workdir runs/pretrain
  timesuite features list.txt --out features --layer -7 --level frame --format safetensors --workdir runs/pretrain
"""

import argparse

from timesuite_jax.cli._model_args import add_model, is_first_process, open_model
from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli.data._numbers import positive, seconds
from timesuite_jax.counted import counted

FORMATS = ("npz", "safetensors", "parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "videos", nargs="+", type=any_path, help="videos, folders of videos, or .txt files with a path in each line"
    )
    parser.add_argument("--out", required=True, type=any_path, metavar="DIR", help="folder of the features")
    add_model(parser)
    parser.add_argument("--window", type=seconds, default=2.0, help="seconds of a window (%(default)s)")
    parser.add_argument("--stride", type=seconds, help="seconds from one window to the next (that of a window)")
    parser.add_argument(
        "--layer", type=int, metavar="N", help="output of this block, -1 the last (default: the pooled feature)"
    )
    parser.add_argument(
        "--level",
        choices=("frame", "window", "video"),
        default="window",
        help="a row for each frame or window, or one, the mean of all windows (%(default)s)",
    )
    parser.add_argument("--tokens", action="store_true", help="keep all tokens of a layer instead of their mean")
    parser.add_argument(
        "--crop",
        choices=("squash", "center"),
        default="squash",
        help="all of the picture at another aspect ratio, or its central square (%(default)s)",
    )
    parser.add_argument("--format", choices=FORMATS, default="npz", help="of the files (%(default)s)")
    parser.add_argument(
        "--batch-size", type=positive, default=8, help="windows at a time; does not change the features (%(default)s)"
    )
    parser.add_argument("--workers", type=positive, default=2, help="videos that are decoded at once (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Extracts the features; returns 1 if a video could not be used.

    Raises:
      UserError: if the model or the output cannot be used.
    """
    from timesuite_jax.embeddings.video import FeatureRequest
    from timesuite_jax.embeddings.video.extraction_job import extract_files, pending_extractions
    from timesuite_jax.embeddings.video.inputs import plan_extractions
    from timesuite_jax.embeddings.video.request import feature_settings

    request = FeatureRequest(
        args.window, args.stride or args.window, args.level, args.layer, tokens=args.tokens, crop=args.crop
    )
    plan = plan_extractions(args.videos, args.out, args.format)
    from timesuite_jax import registry
    from timesuite_jax.checkpoints.fingerprint import fingerprint

    model = open_model(args, registry.ExtractsFeatures)
    encoder = model.task.feature_encoder(request)
    loaded = model.load()
    settings = {"weights": loaded.run(fingerprint)}
    pending = pending_extractions(plan, feature_settings(request, encoder, settings))
    failed = loaded.run(
        extract_files,
        encoder,
        request,
        pending,
        args.out,
        batch_size=args.batch_size,
        threads=args.workers,
        settings=settings,
    )
    if is_first_process():
        stored = len(plan) - len(pending)
        there = f", {stored} {'was' if stored == 1 else 'were'} there" if stored else ""
        written = counted(len(pending) - failed, "video")
        print(f"features of {written} written to {args.out}{there}, {failed} could not be used")
    return 1 if failed else 0
