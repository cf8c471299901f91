"""Argument types for numbers with a lower bound."""

import argparse
import os

DEADLINE_S = 120.0  # seconds that decoding one video may take


def positive(word: str) -> int:
    """An int of at least 1."""
    return _int(word, 1)


def not_negative(word: str) -> int:
    """An int of at least 0."""
    return _int(word, 0)


def seconds(word: str) -> float:
    """A number of seconds above 0."""
    return _above_zero(word, "number of seconds")


def megabytes(word: str) -> float:
    """A size in MB above 0."""
    return _above_zero(word, "size in MB")


def rate(word: str) -> float:
    """A rate per second above 0."""
    return _above_zero(word, "rate")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Adds `--workers`; see `workers_or_cores`."""
    parser.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="processes that decode videos (all cores); one that hangs or crashes is replaced",
    )


def workers_or_cores(workers: int | None) -> int:
    """The number of `--workers`, by default all cores."""
    return workers or os.cpu_count() or 1


def add_deadline(parser: argparse.ArgumentParser) -> None:
    """Adds `--deadline`."""
    parser.add_argument(
        "--deadline", type=seconds, default=DEADLINE_S, help="seconds that decoding one video may take (%(default)g)"
    )


def _above_zero(word: str, what: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):  # also rejects nan
        raise argparse.ArgumentTypeError(f"{word!r} is not a {what} above 0")
    return value


def _int(word: str, minimum: int) -> int:
    try:
        value = int(word)
    except ValueError:
        value = minimum - 1
    if value < minimum:
        raise argparse.ArgumentTypeError(f"{word!r} is not an int of at least {minimum}")
    return value
