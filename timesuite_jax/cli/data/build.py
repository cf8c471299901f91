"""`timesuite data build`: a corpus from annotations and videos."""

import argparse
import shlex
import sys
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, TextIO

from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli.data._annotation_args import add_annotations, name, read_annotations
from timesuite_jax.cli.data._numbers import add_deadline, add_workers, megabytes, positive, rate, workers_or_cores
from timesuite_jax.counted import counted
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json

if TYPE_CHECKING:
    from timesuite_jax.data.corpora import CorpusInfo

AUDIO = ("keep", "drop")
_BEAM_RUNNERS = ("DirectRunner", "DataflowRunner", "FlinkRunner", "SparkRunner")
# How many workers the runners of clusters have is an option of their own, or of the cluster.
_CLUSTER_SIZES = {
    "DataflowRunner": "give --pipeline-options='--num_workers={0} --max_num_workers={0} ...'",
    "FlinkRunner": "give --pipeline-options='--parallelism={0} ...'",
    "SparkRunner": "start the Spark cluster, or its job server, with as many executors",
}
_EXAMPLES = 5  # rejected samples that are printed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    add_annotations(parser, required=True)
    parser.add_argument("--out", type=any_path, required=True, help="folder to write")
    parser.add_argument("--corpus", type=name, help="name of the corpus (default: the folder's name)")
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
    parser.add_argument(
        "--runner",
        choices=("local", *_BEAM_RUNNERS),
        default="local",
        help="processes of this machine, or a runner of Apache Beam, which writes the same bytes (%(default)s)",
    )
    parser.add_argument(
        "--pipeline-options",
        type=shlex.split,
        default=[],
        metavar="OPTIONS",
        help="of Beam's runner, in one argument: --pipeline-options='--project=p --region=r --temp_location=gs://b/tmp'",
    )


def run(args: argparse.Namespace) -> int:
    """Builds the corpus; with --strict returns 1 if a sample was rejected.

    Raises:
      UserError: an option lacks another, or the corpus cannot be built.
    """
    if args.pipeline_options and args.runner == "local":
        raise UserError("--pipeline-options apply to runners of Apache Beam; give --runner, or leave them out")
    if args.workers is not None and args.runner in _CLUSTER_SIZES:
        remedy = _CLUSTER_SIZES[args.runner].format(args.workers)
        raise UserError(f"--workers {args.workers} is about processes of this machine, not of {args.runner}; {remedy}")
    from timesuite_jax.data.corpora import BuildSpec, build_corpus
    from timesuite_jax.data.corpora.annotation_set import EXCLUDED
    from timesuite_jax.data.corpora.beam_build import BeamRunner
    from timesuite_jax.data.corpora.quarantine import read_quarantine

    spec = BuildSpec(
        corpus=args.out.resolve().name if args.corpus is None else args.corpus,
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
        read_annotations(args),
        args.videos,
        args.out,
        spec,
        workers=workers_or_cores(args.workers),
        runner=None if args.runner == "local" else BeamRunner(args.runner, tuple(args.pipeline_options)),
        quarantine=read_quarantine(args.quarantine) if args.quarantine else (),
        quiet=args.json,
    )
    if args.json:
        print(to_json(asdict(info)))
    else:
        size = f"{counted(len(info), 'record')} in {counted(len(info.shards), 'shard')}"
        print(f"{args.out}: {size}, {sum(info.bytes) / 1e6:.1f} MB")
    _print_problems(info, sys.stderr if args.json else sys.stdout)
    return 1 if args.strict and any(one.kind != EXCLUDED for one in info.quarantine) else 0


def _print_problems(info: "CorpusInfo", file: TextIO) -> None:
    """Prints the numbers of excluded rows, rejected samples and bad spans, with examples."""
    from timesuite_jax.data.corpora.annotation_set import EXCLUDED

    if excluded := Counter(one.reason for one in info.quarantine if one.kind == EXCLUDED):
        listed = "; ".join(f"{counted(count, 'row')}: {reason}" for reason, count in excluded.most_common(_EXAMPLES))
        print(f"{counted(excluded.total(), 'row')} excluded (listed in dataset_info.json): {listed}", file=file)
    if rejected_samples := [one for one in info.quarantine if one.kind != EXCLUDED]:
        kinds = Counter(rejected.kind for rejected in rejected_samples)
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        total = counted(len(rejected_samples), "sample")
        print(f"{total} rejected (listed in dataset_info.json): {listed}; for example:", file=file)
        for rejected in rejected_samples[:_EXAMPLES]:
            source = f" ({rejected.source})" if rejected.source else ""
            print(f"  {rejected.id}{source}: {rejected.reason}", file=file)
    if info.audio_kept:
        named = ", ".join(info.audio_kept[:_EXAMPLES])
        total = counted(len(info.audio_kept), "video")
        print(f"sound kept in {total}, whose times would change without it: {named}", file=file)
    if info.bad_spans:
        counts = Counter((one.kind, one.action) for one in info.bad_spans)
        listed = ", ".join(f"{count} {kind} ({action})" for (kind, action), count in sorted(counts.items()))
        print(
            f"spans that do not fit their videos (listed in dataset_info.json): {listed}; "
            f"--on-bad-span {info.on_bad_span}",
            file=file,
        )
        used = [one for one in info.bad_spans if one.action != "rejected"]
        for one in used[:_EXAMPLES]:
            print(f"  {one.action} {one.id} ({one.source}): {one.problem}", file=file)
