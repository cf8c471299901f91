"""Builds, checks and inspects corpora of TFRecords; makes synthetic corpora, and data sets of interactions.

examples:
  timesuite data synthetic --out data/debug
  timesuite data check data/debug
  timesuite data inspect data/debug --html debug.html
  timesuite data inspect corpora/didemo --config configs/timesuite/linear_p.py --config.text.tokenizer=mistral_common
  timesuite data build --annotations instruct.json --videos videos/ --out corpora/didemo --corpus didemo
  timesuite data build --annotations COIN.json --videos videos/ --out corpora/coin --split training --frames 192
  timesuite data build --annotations train_data.json --format didemo --annotators mean --videos videos/ --out didemo
  timesuite data build --annotations sta.jsonl --videos videos/ --out corpora/sta --on-bad-span clip --strict
  timesuite data build --annotations k400/validate.csv --classes corpora/k400 --videos k400/val --out corpora/k400_val
  timesuite data build --annotations a.json --videos gs://BUCKET/videos --out gs://BUCKET/a --fps 2 --shard-size 500
  timesuite data check videos/ --quarantine broken.json
  timesuite data check --annotations sta.jsonl --videos videos/
  timesuite data captions --annotations howto_interlink.tsv --out tgc.jsonl --similarity embeddings
  timesuite data check corpora/didemo videos/ --json
  timesuite data interactions ratings.csv --out movies.npz --core 5 --columns userId,movieId,timestamp --sort
  timesuite data interactions ml-100k/u.data --columns 1,2,4 --sort --out movies.npz
  timesuite data interactions MQSA-TED/data/beauty/beauty.npy --out beauty.npz
"""

import argparse

from timesuite_jax.cli._help import show_examples
from timesuite_jax.cli.data import build, captions, check, inspect, interactions, synthetic

_ACTIONS = {
    "build": (build, "build a corpus from annotations and videos"),
    "captions": (captions, "make questions for the times of titled scenes from captioned clips"),
    "check": (check, "decode everything and list the problems"),
    "inspect": (inspect, "print what corpora contain and how they fit a model; write a page with samples"),
    "synthetic": (synthetic, "make videos of moving shapes, a corpus of them and a tokenizer"),
    "interactions": (interactions, "make a data set for recommenders from a log"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the actions and their options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, (module, text) in _ACTIONS.items():
        action = actions.add_parser(name, help=text)
        module.add_arguments(action)
        action.add_argument("--json", action="store_true", help="print JSON instead")
    show_examples(actions, __doc__)


def run(args: argparse.Namespace) -> int:
    """Runs the action; returns 1 if a check found problems."""
    return _ACTIONS[args.action][0].run(args)
