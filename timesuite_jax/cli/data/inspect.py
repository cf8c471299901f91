"""`timesuite data inspect`: what corpora contain, how their records fit a model's sequences, and samples of them."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from timesuite_jax.cli._columns import print_columns
from timesuite_jax.cli._outputs import check_outputs
from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli._printable import printable
from timesuite_jax.cli.data._numbers import DEADLINE_S, not_negative, seconds
from timesuite_jax.counted import counted
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json
from timesuite_jax.storage.remote_path import to_path

if TYPE_CHECKING:
    from timesuite_jax.apps.inspection.report import CorpusReport, Meter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "corpora",
        nargs="+",
        type=_corpus,
        metavar="FOLDER|MIXTURE@FOLDER",
        help="folders of corpora, or a ready-made mixture, e.g. timepro_normal@data, whose corpora are in FOLDER",
    )
    parser.add_argument(
        "--config",
        metavar="CONFIG[:ARG]",
        help="also measure the tokens of each record with this config; --config.KEY=VALUE overrides",
    )
    parser.add_argument(
        "--records", type=not_negative, default=2, metavar="N", help="records of each task to show (%(default)s)"
    )
    parser.add_argument("--html", type=any_path, metavar="FILE", help="also write a page with frames and timelines")
    parser.add_argument(
        "--deadline", type=seconds, help=f"seconds that decoding one video for the page may take ({DEADLINE_S:g})"
    )


def run(args: argparse.Namespace) -> int:
    """Prints statistics and sample records.

    Raises:
      UserError: a corpus or the config cannot be used, or an option lacks another.
    """
    if args.deadline is not None and not args.html:
        raise UserError(
            f"--deadline {args.deadline:g} limits the decoding of videos for a page; add --html FILE, or leave it out"
        )
    if args.overrides and not args.config:
        raise UserError(f"{args.overrides[0]} changes a config, but there is none; add --config CONFIG")
    check_outputs(args.html)
    from timesuite_jax.apps.inspection.page import write_page
    from timesuite_jax.apps.inspection.report import inspect_corpus
    from timesuite_jax.data.corpora.corpus_shares import corpus_shares

    shares = corpus_shares(args.corpora)
    meter = _meter(args.config, args.overrides) if args.config else None
    reports = [inspect_corpus(to_path(share.folder), meter, args.records, quiet=args.json) for share in shares]
    if args.html:
        write_page(reports, args.html, config=args.config, deadline_s=args.deadline or DEADLINE_S)
    if args.json:
        print(to_json([report.as_json() for report in reports]))
        return 0
    for report in reports:
        _print(report)
    if args.html:
        print(f"\npage: {args.html}")
    return 0


def _corpus(word: str) -> str:
    """A folder, or an entry of a config's `data.corpora`, of which `corpus_shares` finds the folders."""
    return word if "@" in word else str(any_path(word))


def _meter(location: str, overrides: list[str]) -> "Meter":
    from timesuite_jax import registry
    from timesuite_jax.cli._configs import load_config
    from timesuite_jax.registry.capabilities import check_capability
    from timesuite_jax.registry.families import task_class

    config = load_config(location, overrides)
    check_capability(task_class(config), registry.MeasuresTokens, location)  # before the family reads its data
    task = registry.build(config)
    assert isinstance(task, registry.MeasuresTokens)
    return task.token_meter()


def _print(report: "CorpusReport") -> None:
    from timesuite_jax.apps.inspection.report import PERCENTILE_NAMES

    facts, info = report.as_json(), report.info
    print(f"{info.name}: {counted(facts['records'], 'record')}, {facts['hours']:.2f} h, {facts['bytes'] / 1e6:.1f} MB")
    print(f"shards: {facts['shards']}; rejected: {facts['rejected']}; bad spans: {facts['bad_spans']}")
    print("tasks: " + _counts(facts["tasks"]))
    spans, tokens = facts["spans"], report.tokens
    rows = [(name, *(f"{value:.6g}" for value in row.values())) for name, row in report.distributions().items()]
    print_columns([("", *PERCENTILE_NAMES), *rows])
    if spans["count"]:
        grid = "no common grid" if spans["grid_s"] is None else f"multiples of {spans['grid_s']:g} s"
        print(f"true spans: {spans['count']}, {grid}; questions by number of spans: {_counts(spans['per_question'])}")
        print(f"centres of true spans, by tenths of the video: {' '.join(map(str, spans['center']))}")
    if tokens:
        print(f"tokens: {tokens['whole']} of {tokens['samples']} samples fit whole, {tokens['dropped']} are dropped")
        print(f"cuts: {_counts(tokens['cuts']) or 'none'}; sequences by length: {_counts(tokens['lengths']) or 'none'}")
    for sample in facts["samples"]:
        print("\n" + "\n".join(f"  {printable(line)}" for line in _lines(sample)))


def _lines(sample: Mapping[str, Any]) -> Iterator[str]:
    """Yields what is printed of a record, see `report.describe`."""
    from timesuite_jax.apps.inspection.report import is_about_time

    for key in ("id", "task", "source", "seconds", "stored"):
        yield f"{key}: {sample[key]}"
    if sample["clip"]:
        yield f"clip: {_spans([sample['clip']])}"
    for number, turn in enumerate(sample["turns"], 1):
        yield f"question {number}: {turn['q']}"
        yield f"answer {number}: {turn['a'] or 'none'}"
        if is_about_time(turn["a"], turn["spans"]):
            yield f"true spans {number}: {_spans(turn['spans']) or 'none'}"


def _spans(spans: Sequence[Sequence[float]]) -> str:
    return ", ".join(f"{start:g} - {end:g} s" for start, end in spans)


def _counts(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
