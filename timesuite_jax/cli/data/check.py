"""`timesuite data check`: decodes corpora and videos and lists what is wrong."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from timesuite_jax.cli._outputs import check_outputs
from timesuite_jax.cli._paths import any_path, disk_path
from timesuite_jax.cli.data._annotation_args import add_annotations, read_annotations
from timesuite_jax.cli.data._numbers import add_deadline, add_workers, workers_or_cores
from timesuite_jax.counted import counted
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json

_NAMED = 10  # files of a suffix that are printed; the report in JSON lists all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("paths", nargs="*", type=disk_path, help="corpora, folders of videos, or videos")
    add_annotations(parser, required=False)
    add_deadline(parser)
    add_workers(parser)
    parser.add_argument(
        "--on-duplicate",
        choices=("keep", "reject"),
        default="keep",
        help="videos with the content of an earlier one: note them, or list them as problems (%(default)s)",
    )
    parser.add_argument("--report", type=any_path, metavar="JSON", help="also write the report to this file")
    parser.add_argument(
        "--quarantine", type=any_path, metavar="JSON", help="write the list of videos that `data build` is to reject"
    )


def run(args: argparse.Namespace) -> int:
    """Checks; returns 1 if there are problems.

    Raises:
      UserError: an option lacks another, or a path cannot be checked.
    """
    check_outputs(args.report, args.quarantine)
    if (args.annotations is None) != (args.videos is None):
        raise UserError("--annotations and --videos need each other; give both or none")
    unused = next(
        (
            name
            for name in ("task", "format", "split", "annotators", "classes", "seed")
            if getattr(args, name) is not None
        ),
        None,
    )
    if unused and args.annotations is None:
        raise UserError(f"--{unused} is about --annotations, which are not given; add them, or leave it out")
    if not args.paths and args.annotations is None:
        raise UserError("there is nothing to check; give corpora, folders of videos, videos, or --annotations")
    from timesuite_jax.data.corpora.audit import audit
    from timesuite_jax.data.corpora.corpus import write_json
    from timesuite_jax.data.corpora.quarantine import write_quarantine

    report = audit(
        args.paths,
        annotations=read_annotations(args) if args.annotations else None,
        videos=args.videos,
        deadline_s=args.deadline,
        workers=workers_or_cores(args.workers),
        on_duplicate=args.on_duplicate,
        quiet=args.json,
    )
    if args.report:
        write_json(args.report, report.as_json())
    if args.quarantine:
        write_quarantine(args.quarantine, report.quarantine)
    if args.json:
        print(to_json(report.as_json()))
    else:
        for finding in report.findings:
            print(f"{finding.where}: {finding.problem}")
        for note in report.notes:
            print(f"{note.where}: note: {note.note}")
        for line in _by_suffix(report.unverified):
            print(f"completeness cannot be verified, the format does not show where the file ends: {line}")
        for line in _by_suffix(report.not_checked):
            print(f"not checked, no suffix of a video: {line}")
        if report.kinds:
            print("by kind: " + ", ".join(f"{kind} {count}" for kind, count in report.kinds.items()))
        checked = f"{counted(report.records, 'record')} and {counted(report.videos, 'video')} checked"
        print(f"{checked}, {counted(len(report.findings), 'problem')}")
    return 0 if report.ok else 1


def _by_suffix(files: Sequence[str]) -> Iterator[str]:
    """Lists files by suffix, a few of each by name."""
    by_suffix: dict[str, list[str]] = {}
    for file in files:
        by_suffix.setdefault(Path(file).suffix.lower() or "(no suffix)", []).append(file)
    for suffix, names in sorted(by_suffix.items()):
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield f"{len(names)} {suffix}: {', '.join(names[:_NAMED])}{more}"
