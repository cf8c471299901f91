"""Extracts features of videos by sliding windows: a file for each video, in constant memory; resumes after a kill.

examples:
  timesuite features kitchen.mp4 --out features --workdir runs/pretrain
  timesuite features videos/ --out features --config configs/internvideo2/encoder.py:1b \\
      --config.weights.files="('downloads/InternVideo2-stage2_1b-224p-f4.pt',)"
  timesuite features charades/ --out features --window 1 --stride 1 --format parquet --workdir runs/pretrain
  timesuite features list.txt --out features --layer -7 --level frame --format safetensors --workdir runs/pretrain
"""

import argparse
import sys
from typing import TYPE_CHECKING

from timesuite_jax.cli._model_args import add_model, is_first_process, open_model
from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli.data._numbers import positive, seconds
from timesuite_jax.errors import UserError

if TYPE_CHECKING:
    from timesuite_jax.embeddings.video.inputs import Extraction

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
    from timesuite_jax.embeddings.video.inputs import plan_extractions

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
    pending = _pending(plan, {**request.settings, **settings, "frames": encoder.num_frames})
    done = len(plan) - len(pending)
    failed = loaded.run(_extract, encoder, request, pending, args, settings)
    if is_first_process():
        stored = f", {done} were there" if done else ""
        print(f"{len(pending) - failed} videos written to {args.out}{stored}, {failed} could not be used")
    return 1 if failed else 0


def _pending(plan: "list[Extraction]", settings: dict) -> "list[Extraction]":
    """The videos without a file.

    Raises:
      UserError: a file has features of other settings.
    """
    from timesuite_jax.embeddings.video import read_features

    pending = []
    for one in plan:
        if not one.output.exists():
            pending.append(one)
            continue
        stored = read_features(one.output).settings
        if differing := [name for name in settings if stored.get(name) != settings[name]]:
            name = differing[0]
            raise UserError(
                f"{one.output} has features with {name}={stored.get(name)}, not {settings[name]}; choose another "
                "--out, or remove the file"
            )
    return pending


def _extract(params, encoder, request, pending: "list[Extraction]", args: argparse.Namespace, settings: dict) -> int:
    """Writes the features of this process's share of the videos; returns how many videos of all cannot be used."""
    import jax

    from timesuite_jax import parallel
    from timesuite_jax.embeddings.video import extract_features, write_features
    from timesuite_jax.layers import logical_sharding
    from timesuite_jax.media import VideoError
    from timesuite_jax.progress import progress_bar

    rows = logical_sharding("batch")
    share = parallel.UNSHARDED if rows is None else parallel.process_shard(rows)
    own = pending[share.index :: share.count]
    videos = [one.video for one in own]
    failures = []
    quiet = jax.process_index() > 0
    with progress_bar("extracting", len(videos), quiet=quiet) as advance:
        found = extract_features(
            params, encoder, request, videos, batch_size=args.batch_size, threads=args.workers, settings=settings
        )
        for number, content in found:
            advance(1)
            if isinstance(content, VideoError):
                print(f"timesuite features: {content}", file=sys.stderr)
                failures.append(str(own[number].video))
                continue
            own[number].output.parent.mkdir(parents=True, exist_ok=True)
            write_features(own[number].output, content)
    return len(parallel.allgather_strings(failures))
