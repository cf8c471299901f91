"""Argument types for numbers with a lower bound."""

import argparse

DEADLINE_S = 120.0  # seconds that decoding one video may take


def positive(word: str) -> int:
    """An int of at least 1."""
    return _int(word, 1)


def not_negative(word: str) -> int:
    """An int of at least 0."""
    return _int(word, 0)


def seconds(word: str) -> float:
    """A number of seconds above 0."""
    try:
        value = float(word)
    except ValueError:
        value = 0.0
    if not value > 0:  # also rejects nan
        raise argparse.ArgumentTypeError(f"{word!r} is not a number of seconds above 0")
    return value


def add_deadline(parser: argparse.ArgumentParser) -> None:
    """Adds `--deadline`."""
    parser.add_argument(
        "--deadline", type=seconds, default=DEADLINE_S, help="seconds that decoding one video may take (%(default)g)"
    )


def _int(word: str, minimum: int) -> int:
    try:
        value = int(word)
    except ValueError:
        value = minimum - 1
    if value < minimum:
        raise argparse.ArgumentTypeError(f"{word!r} is not an int of at least {minimum}")
    return value
