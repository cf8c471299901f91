"""`timesuite data build`: a corpus from annotations and videos."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from timesuite_jax.cli.data._numbers import add_deadline, positive

_EXAMPLES = 5  # rejected samples that are printed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("--annotations", required=True, help="JSON file: a list of {video, QA: [{q, a}], start?, end?}")
    parser.add_argument("--videos", required=True, help="folder that the paths in the annotations are relative to")
    parser.add_argument("--out", required=True, help="folder to write")
    parser.add_argument("--corpus", help="name of the corpus (default: the folder's name)")
    parser.add_argument("--task", default="temporal_video_grounding", help="default task of records (%(default)s)")
    parser.add_argument("--shards", type=positive, default=1, help="number of TFRecord files (%(default)s)")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--video", action="store_true", help="store the video files (default)")
    kind.add_argument("--frames", type=positive, metavar="N", help="store N JPEG frames per sample, for long videos")
    add_deadline(parser)
    parser.add_argument("--threads", type=positive, default=4, help="videos decoded concurrently (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Builds the corpus."""
    from timesuite_jax.data.corpora.build import BuildSpec, build_corpus

    spec = BuildSpec(
        corpus=args.corpus or Path(args.out).resolve().name,
        task=args.task,
        shards=args.shards,
        frames=args.frames,
        deadline_s=args.deadline,
        threads=args.threads,
    )
    info = build_corpus(args.annotations, args.videos, args.out, spec, quiet=args.json)
    if args.json:
        print(json.dumps(asdict(info)))
        return 0
    print(f"{args.out}: {len(info)} records in {len(info.shards)} shards, {sum(info.bytes) / 1e6:.1f} MB")
    if info.quarantine:
        print(f"{len(info.quarantine)} samples rejected (listed in dataset_info.json), for example:")
        for rejected in info.quarantine[:_EXAMPLES]:
            print(f"  {rejected.source} {rejected.reason}")
    return 0
