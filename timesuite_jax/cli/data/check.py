"""`timesuite data check`: decodes corpora and videos and lists what is wrong."""

import argparse
import json
from pathlib import Path

from timesuite_jax.cli._outputs import check_outputs
from timesuite_jax.cli.data._numbers import add_deadline


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("paths", nargs="+", help="corpora, folders of videos, or videos")
    add_deadline(parser)
    parser.add_argument("--report", type=Path, metavar="JSON", help="also write the report to this file")


def run(args: argparse.Namespace) -> int:
    """Checks; returns 1 if there are problems."""
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
