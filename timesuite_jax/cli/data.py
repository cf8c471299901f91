"""Builds, checks and shows corpora of TFRecords; makes synthetic ones; makes data sets of interactions.

examples:
  timesuite data synthetic --out data/debug
  timesuite data check data/debug
  timesuite data show data/debug
  timesuite data build --annotations instruct.json --videos videos/ --out corpora/didemo --corpus didemo
  timesuite data build --annotations coin.json --videos videos/ --out corpora/coin --task step_localization --frames 192
  timesuite data check corpora/didemo videos/ --json
  timesuite data interactions ratings.csv --out movies.npz --core 5 --columns userId,movieId,timestamp --sort
  timesuite data interactions MQSA-TED/data/beauty/beauty.npy --out beauty.npz
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from timesuite_jax.cli._help import show_examples
from timesuite_jax.cli._outputs import check_outputs
from timesuite_jax.errors import UserError

if TYPE_CHECKING:
    from timesuite_jax.mqsa_ted.data import Interactions

NAME = "data"
HELP = "build, check and show corpora of TFRecords"
_CORE = 5  # of a log, if not said


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="{build,check,show,synthetic,interactions}")
    build = actions.add_parser("build", help="make a corpus from annotations and videos")
    build.add_argument("--annotations", required=True, help="JSON file: a list of {video, QA: [{q, a}], start?, end?}")
    build.add_argument("--videos", required=True, help="folder to which the paths in the annotations are relative")
    build.add_argument("--out", required=True, help="folder to make")
    build.add_argument("--corpus", help="name of the corpus (default: name of the folder)")
    build.add_argument("--task", default="temporal_video_grounding", help="task of records that do not name theirs")
    build.add_argument("--shards", type=_positive, default=1, help="number of TFRecord files (default 1)")
    kind = build.add_mutually_exclusive_group()
    kind.add_argument("--video", action="store_true", help="store the video files (default)")
    kind.add_argument("--frames", type=_positive, metavar="N", help="store N JPEG frames a sample: for long videos")
    build.add_argument("--deadline", type=_seconds, default=120.0, help="seconds that one video may take (default 120)")
    build.add_argument("--threads", type=_positive, default=4, help="videos decoded side by side (default 4)")
    check = actions.add_parser("check", help="decode everything and list what is wrong")
    check.add_argument("paths", nargs="+", help="corpora, folders of videos, or videos")
    check.add_argument("--deadline", type=_seconds, default=120.0, help="seconds that one video may take (default 120)")
    check.add_argument("--report", type=Path, metavar="JSON", help="also write the report to this JSON file")
    show = actions.add_parser("show", help="what a corpus holds")
    show.add_argument("folder", help="folder of a corpus")
    show.add_argument("--records", type=_not_negative, default=2, help="records to show (default 2)")
    synthetic = actions.add_parser("synthetic", help="make films of moving shapes, a corpus of them and a tokenizer")
    synthetic.add_argument("--out", required=True, help="folder to make; tokenizer.json lies in it, too")
    synthetic.add_argument("--videos", type=_positive, default=64, help="number of films (default 64)")
    synthetic.add_argument("--seed", type=_not_negative, default=0, help="of everything that is drawn (default 0)")
    interactions = actions.add_parser("interactions", help="make a data set for recommenders from a log")
    interactions.add_argument(
        "log",
        type=Path,
        help="CSV (with a header) or .parquet file of users, items and times; or an .npy of MQSA-TED's authors",
    )
    interactions.add_argument("--out", type=Path, required=True, metavar="NPZ", help="file to make")
    interactions.add_argument(
        "--core", type=_positive, metavar="K", help=f"drop users and items with fewer rows (default {_CORE})"
    )
    interactions.add_argument(
        "--columns",
        type=_columns,
        metavar="USER,ITEM,TIME",
        help="what the log calls them (default user,item,time)",
    )
    interactions.add_argument("--sort", action="store_true", help="sort by time what is not sorted")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="print one JSON object instead")
    show_examples(actions, __doc__)


def run(args: argparse.Namespace) -> int:
    """Runs the action; 1 if a check found something."""
    actions = {"build": _build, "check": _check, "show": _show, "synthetic": _synthetic, "interactions": _interactions}
    return actions[args.action](args)


def _build(args: argparse.Namespace) -> int:
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
        for rejected in info.quarantine[:5]:
            print(f"  {rejected.source} {rejected.reason}")
    return 0


def _check(args: argparse.Namespace) -> int:
    check_outputs(args.report)
    from timesuite_jax.data.corpora.audit import audit
    from timesuite_jax.data.corpora.corpus import write_json

    report = audit(args.paths, deadline_s=args.deadline, quiet=args.json)
    if args.report:
        write_json(args.report, report.as_json())
    if args.json:
        print(json.dumps(report.as_json()))
    else:
        for finding in report.findings:
            print(f"{finding.where}: {finding.problem}")
        print(f"{report.records} records and {report.videos} videos checked, {len(report.findings)} problems")
    return 0 if report.ok else 1


def _show(args: argparse.Namespace) -> int:
    from timesuite_jax.data.corpora.corpus import open_corpus
    from timesuite_jax.data.corpora.record import decode_record

    info, source = open_corpus(args.folder)
    records = [decode_record(source[n], f"{args.folder}: record {n}") for n in range(min(args.records, len(source)))]
    shown = [
        {
            "id": record.id,
            "task": record.task,
            "source": record.source,
            "seconds": record.duration,
            "stored": f"{len(record.frames)} frames" if record.frames else f"video of {len(record.video or b'')} bytes",
            "clip": record.clip,
            "spans": record.spans,
            "turns": [{"q": turn.question, "a": turn.answer} for turn in record.turns],
        }
        for record in records
    ]
    if args.json:
        print(json.dumps({**asdict(info), "examples": shown}))
        return 0
    print(f"{info.name}: {len(info)} records, {info.seconds / 3600:.2f} h, {sum(info.bytes) / 1e6:.1f} MB")
    print("tasks: " + ", ".join(f"{task} {count}" for task, count in info.tasks.items()))
    print(f"shards: {len(info.shards)}; quarantine: {len(info.quarantine)}")
    for record in shown:
        print("\n" + "\n".join(f"  {key}: {value}" for key, value in record.items()))
    return 0


def _synthetic(args: argparse.Namespace) -> int:
    from timesuite_jax.data.synthetic import SyntheticCorpusSpec, make_corpus, make_tokenizer

    spec = SyntheticCorpusSpec(
        Path(args.out).resolve().name, args.videos, conversations=(("grounding", "grounding", "order"),)
    )
    info = make_corpus(args.out, spec, seed=args.seed, quiet=args.json)
    make_tokenizer(args.out, spec.appearance)
    if args.json:
        print(json.dumps(asdict(info)))
    else:
        print(f"{args.out}: {len(info)} films and records, {info.seconds / 60:.1f} min, with annotations and tokenizer")
    return 0


def _interactions(args: argparse.Namespace) -> int:
    check_outputs(args.out)
    from timesuite_jax.mqsa_ted.data import describe

    if args.out.suffix != ".npz":
        raise UserError(f"{args.out} must end in .npz, which is what it will be; correct the name")
    made, dropped = (_released if args.log.suffix == ".npy" else _split_log)(args)
    made.save(args.out)
    summary = describe(made)
    if args.json:
        print(json.dumps({"out": str(args.out), **summary, **dropped}))
        return 0
    print(f"{args.out}: {summary['users']} users, {summary['items']} items, {summary['interactions']} interactions")
    print(f"  {summary['sparsity']:.3%} sparse, {summary['mean_length']:.1f} interactions a user")
    if args.log.suffix != ".npy":
        print(
            f"  the {args.core or _CORE}-core leaves out {dropped['dropped_users']} users, "
            f"{dropped['dropped_items']} items, {dropped['dropped_interactions']} interactions"
        )
    print(f"  {summary['untrained_items']} items are in no training history: they were only held out")
    return 0


def _split_log(args: argparse.Namespace) -> "tuple[Interactions, dict[str, int]]":
    """A log's core, split, and what is not in it."""
    from timesuite_jax.mqsa_ted.data import k_core, leave_one_out, read_log
    from timesuite_jax.progress import progress_bar

    with progress_bar(f"reading {args.log.name}", quiet=args.json) as advance:
        log = read_log(args.log, args.columns, sort=args.sort, on_progress=advance)
    core = k_core(log, args.core or _CORE)
    made = leave_one_out(core)
    return made, {
        "dropped_users": len(log.user_names) - made.num_users,
        "dropped_items": len(log.item_names) - made.num_items,
        "dropped_interactions": len(log.users) - len(core.users),
    }


def _released(args: argparse.Namespace) -> "tuple[Interactions, dict[str, int]]":
    """A data set of the original's authors, which is split already; nothing is dropped."""
    from timesuite_jax.mqsa_ted.data import read_released

    for option, given in {"--core": args.core, "--columns": args.columns, "--sort": args.sort}.items():
        if given:
            raise UserError(f"{option} is for logs, and {args.log} is a data set that is split already; leave it out")
    return read_released(args.log), dict.fromkeys(("dropped_users", "dropped_items", "dropped_interactions"), 0)


def _columns(word: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in word.split(","))
    if len(set(names)) != 3 or not all(names):
        raise argparse.ArgumentTypeError(f"{word!r} does not name three columns; write user,item,time")
    return names


def _positive(word: str) -> int:
    return _whole(word, 1)


def _not_negative(word: str) -> int:
    return _whole(word, 0)


def _seconds(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = 0.0
    if not value > 0:  # nor is what is no number
        raise argparse.ArgumentTypeError(f"{word!r} is no number of seconds above 0")
    return value


def _whole(word: str, least: int) -> int:
    try:
        value = int(word)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number of at least {least}")
    return value
