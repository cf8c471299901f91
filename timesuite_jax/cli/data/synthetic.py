"""`timesuite data synthetic`: videos of moving shapes as a corpus, with questions, captions or labels of classes."""

import argparse
from dataclasses import asdict

from timesuite_jax.cli._paths import any_path
from timesuite_jax.cli.data._numbers import not_negative, positive
from timesuite_jax.json_text import to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    parser.add_argument(
        "--out", type=any_path, required=True, help="folder to write; with questions or captions, a tokenizer, too"
    )
    parser.add_argument("--videos", type=positive, default=64, help="number of videos (%(default)s)")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--actions",
        action="store_true",
        help="videos with a label, the direction in which a shape moves, instead of questions; for action recognition",
    )
    kind.add_argument(
        "--captions",
        action="store_true",
        help="videos with a caption, the colour and direction of a square, and vocab.txt of its words, instead of "
        "questions; for video-text training",
    )
    parser.add_argument("--seed", type=not_negative, default=0, help="random seed (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Makes the corpus."""
    from timesuite_jax.data.corpora.build_state import check_can_build
    from timesuite_jax.data.synthetic import (
        SyntheticCorpusSpec,
        make_action_corpus,
        make_caption_corpus,
        make_corpus,
        make_tokenizer,
    )
    from timesuite_jax.storage.staging import staged_folder

    spec = SyntheticCorpusSpec(
        args.out.resolve().name, args.videos, conversations=(("grounding", "grounding", "order"),)
    )
    with staged_folder(args.out) as folder:
        if args.actions:
            info = make_action_corpus(folder, spec.name, spec.videos, seed=args.seed)
        elif args.captions:
            info = make_caption_corpus(folder, spec.name, spec.videos, seed=args.seed)
        else:
            check_can_build(folder)
            make_tokenizer(folder, spec.appearance)  # before the corpus, whose info file marks a complete folder
            info = make_corpus(folder, spec, seed=args.seed, quiet=args.json)
    if args.json:
        print(to_json(asdict(info)))
    else:
        beside = "labels" if args.actions else f"{'captions' if args.captions else 'annotations'} and tokenizer"
        print(f"{args.out}: {len(info)} videos and records, {info.seconds / 60:.1f} min, {beside}")
    return 0
