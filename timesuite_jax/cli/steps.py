"""`--step`: which checkpoint of a run a command reads."""

import argparse


def add_step(parser: argparse.ArgumentParser) -> None:
    """Adds the option; its value is what `training.find_step` takes."""
    parser.add_argument(
        "--step",
        type=_step,
        metavar="N|best",
        help="which checkpoint: of this step, or the best by the run's training.best (default: the newest)",
    )


def _step(word: str) -> int | str:
    if word == "best":
        return word
    if not word.isdigit():
        raise argparse.ArgumentTypeError(f"{word!r} is no step; give a number, or best")
    return int(word)
