"""`timesuite data build`: a corpus from annotations and videos."""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, TextIO

from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli.data._numbers import add_deadline, add_workers, megabytes, not_negative, positive, rate

if TYPE_CHECKING:
    from timesuite_jax.data.corpora import CorpusInfo

AUDIO = ("keep", "drop")
_EXAMPLES = 5  # rejected samples that are printed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--annotations",
        type=any_path,
        required=True,
        help="annotation file of a source, or JSON of {video, QA: [{q, a}], start?, end?}",
    )
    parser.add_argument(
        "--format", metavar="NAME", help="format of the annotations (default: found from the file; didemo, coin, ...)"
    )
    parser.add_argument("--split", metavar="NAME|all", help="split, of an annotation file that has several")
    parser.add_argument(
        "--annotators", metavar="RULE", help="how several annotators are combined: majority, mean, first, each"
    )
    parser.add_argument("--videos", type=any_path, required=True, help="folder with the videos of the annotations")
    parser.add_argument("--out", type=any_path, required=True, help="folder to write")
    parser.add_argument("--corpus", help="name of the corpus (default: the folder's name)")
    parser.add_argument(
        "--task", help="task of the records (default: the first of the format; temporal_video_grounding of questions)"
    )
    parser.add_argument(
        "--seed", type=not_negative, default=0, help="chooses among the wordings of questions (%(default)s)"
    )
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
    from timesuite_jax.data.corpora.annotation_set import EXCLUDED, read_annotation_set
    from timesuite_jax.data.corpora.quarantine import read_quarantine
    from timesuite_jax.data.timepro.sources import ReadOptions
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
    annotations = read_annotation_set(
        local_copy(args.annotations),
        args.videos,
        ReadOptions(args.task, args.split, args.annotators),
        format=args.format,
        seed=args.seed,
    )
    info = build_corpus(
        annotations,
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
    return 1 if args.strict and any(one.kind != EXCLUDED for one in info.quarantine) else 0


def _print_problems(info: "CorpusInfo", file: TextIO) -> None:
    """Prints the numbers of excluded rows, rejected samples and bad spans, with examples."""
    from timesuite_jax.data.corpora.annotation_set import EXCLUDED

    if excluded := Counter(one.reason for one in info.quarantine if one.kind == EXCLUDED):
        listed = "; ".join(f"{count} rows: {reason}" for reason, count in excluded.most_common(_EXAMPLES))
        print(f"{excluded.total()} rows excluded (listed in dataset_info.json): {listed}", file=file)
    if rejected_samples := [one for one in info.quarantine if one.kind != EXCLUDED]:
        kinds = Counter(rejected.kind for rejected in rejected_samples)
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        print(
            f"{len(rejected_samples)} samples rejected (listed in dataset_info.json): {listed}; for example:", file=file
        )
        for rejected in rejected_samples[:_EXAMPLES]:
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
