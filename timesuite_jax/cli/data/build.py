"""`timesuite data build`: a corpus from annotations and videos."""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, TextIO

from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli.data._numbers import add_deadline, add_workers, megabytes, positive, rate

if TYPE_CHECKING:
    from timesuite_jax.data.corpora import CorpusInfo

AUDIO = ("keep", "drop")
_EXAMPLES = 5  # rejected samples that are printed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--annotations", type=any_path, required=True, help="JSON or JSON lines of {video, QA: [{q, a}], start?, end?}"
    )
    parser.add_argument(
        "--videos", type=any_path, required=True, help="folder that the paths in the annotations are relative to"
    )
    parser.add_argument("--out", type=any_path, required=True, help="folder to write")
    parser.add_argument("--corpus", help="name of the corpus (default: the folder's name)")
    parser.add_argument("--task", default="temporal_video_grounding", help="default task of records (%(default)s)")
    parser.add_argument("--shards", type=positive, default=1, help="number of TFRecord files (%(default)s)")
    parser.add_argument("--shard-size", type=megabytes, metavar="MB", help="instead: their size, about, in MB")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--video", action="store_true", help="store the video files (default)")
    kind.add_argument("--frames", type=positive, metavar="N", help="store N JPEG frames per sample, for long videos")
    kind.add_argument("--fps", type=rate, metavar="RATE", help="store RATE JPEG frames per second of each sample")
    parser.add_argument(
        "--frame-side", type=positive, default=256, metavar="PIXELS", help="short side of stored frames (%(default)s)"
    )
    parser.add_argument(
        "--audio",
        choices=AUDIO,
        default="keep",
        help="sound of stored videos; without it they are smaller (%(default)s)",
    )
    parser.add_argument(
        "--on-bad-span",
        metavar="reject|clip|keep",
        default="reject",
        help="true spans and clips that extend beyond their video: leave the record out, cut the span (a record whose "
        "span cannot be cut is left out), or keep it as it is (%(default)s)",
    )
    parser.add_argument(
        "--quarantine", type=any_path, metavar="JSON", help="list of videos to reject, of `timesuite data check`"
    )
    parser.add_argument("--strict", action="store_true", help="exit with code 1 if a sample was rejected")
    add_deadline(parser)
    add_workers(parser)


def run(args: argparse.Namespace) -> int:
    """Builds the corpus; with --strict returns 1 if a sample was rejected."""
    from timesuite_jax.data.corpora import BuildSpec, build_corpus
    from timesuite_jax.data.corpora.quarantine import read_quarantine
    from timesuite_jax.storage.staging import local_copy

    spec = BuildSpec(
        corpus=args.corpus or args.out.resolve().name,
        task=args.task,
        shards=args.shards,
        shard_mb=args.shard_size,
        frames=args.frames,
        fps=args.fps,
        frame_side=args.frame_side,
        audio=args.audio,
        deadline_s=args.deadline,
        on_bad_span=args.on_bad_span,
    )
    info = build_corpus(
        local_copy(args.annotations),
        args.videos,
        args.out,
        spec,
        workers=args.workers,
        quarantine=read_quarantine(args.quarantine) if args.quarantine else (),
        quiet=args.json,
    )
    if args.json:
        print(json.dumps(asdict(info)))
    else:
        print(f"{args.out}: {len(info)} records in {len(info.shards)} shards, {sum(info.bytes) / 1e6:.1f} MB")
    _print_problems(info, sys.stderr if args.json else sys.stdout)
    return 1 if args.strict and info.quarantine else 0


def _print_problems(info: "CorpusInfo", file: TextIO) -> None:
    """Prints the numbers of rejected samples and of bad spans, with examples."""
    if info.quarantine:
        kinds = Counter(rejected.kind for rejected in info.quarantine)
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        print(
            f"{len(info.quarantine)} samples rejected (listed in dataset_info.json): {listed}; for example:", file=file
        )
        for rejected in info.quarantine[:_EXAMPLES]:
            print(f"  {rejected.id} ({rejected.source}): {rejected.reason}", file=file)
    if info.audio_kept:
        named = ", ".join(info.audio_kept[:_EXAMPLES])
        print(f"{len(info.audio_kept)} videos keep their sound, without which times would change: {named}", file=file)
    if info.bad_spans:
        counts = Counter((one.kind, one.action) for one in info.bad_spans)
        listed = ", ".join(f"{count} {kind} ({action})" for (kind, action), count in sorted(counts.items()))
        print(
            f"{len(info.bad_spans)} true spans do not fit their videos (listed in dataset_info.json): {listed}; "
            f"--on-bad-span {info.on_bad_span}",
            file=file,
        )
        used = [one for one in info.bad_spans if one.action != "rejected"]
        for one in used[:_EXAMPLES]:
            print(f"  {one.action} {one.id} ({one.source}): {one.problem}", file=file)
