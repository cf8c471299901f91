"""`timesuite data show`: what a corpus contains."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli.data._numbers import not_negative

if TYPE_CHECKING:
    from timesuite_jax.data.corpora.record import Record


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument("folder", type=any_path, help="folder of a corpus")
    parser.add_argument("--records", type=not_negative, default=2, help="records to show (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Prints counts and the first records."""
    from timesuite_jax.data.corpora.corpus import open_corpus
    from timesuite_jax.data.corpora.record_reader import read_record

    info, source = open_corpus(args.folder)
    count = min(args.records, len(source))
    shown = [_summary(read_record(source, n)) for n in range(count)]
    if args.json:
        print(json.dumps({**asdict(info), "examples": shown}))
        return 0
    print(f"{info.name}: {len(info)} records, {info.seconds / 3600:.2f} h, {sum(info.bytes) / 1e6:.1f} MB")
    print("tasks: " + ", ".join(f"{task} {count}" for task, count in info.tasks.items()))
    print(f"shards: {len(info.shards)}; quarantine: {len(info.quarantine)}; bad spans: {len(info.bad_spans)}")
    for record in shown:
        print("\n" + "\n".join(f"  {key}: {value}" for key, value in record.items()))
    return 0


def _summary(record: "Record") -> dict[str, Any]:
    return {
        "id": record.id,
        "task": record.task,
        "source": record.source,
        "seconds": record.duration,
        "stored": f"{len(record.frames)} frames" if record.frames else f"video of {len(record.video or b'')} bytes",
        "clip": record.clip,
        "spans": record.spans,
        "turns": [
            {"q": turn.question, "a": turn.answer, "spans": record.spans_of(number)}
            for number, turn in enumerate(record.turns)
        ],
    }
