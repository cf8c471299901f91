"""Counts how many held-out items are covered by transitions of the training data.

    python benchmarks/transition_coverage.py beauty.npz sports.npz toys.npz yelp.npz

Prints one row per file: the fraction of training transitions that occur more than once, and the fraction of users whose
held-out item follows its predecessor somewhere in training.
"""

import argparse
from pathlib import Path

import command_line
import numpy as np

from timesuite_jax.data.interactions import Interactions
from timesuite_jax.mqsa_ted.data import Split, Transitions, count_transitions, evaluation_inputs
from timesuite_jax.progress import track

MAX_LEN = 50  # as in configs/mqsa_ted


def coverage(data: Interactions, transitions: Transitions, split: Split) -> float:
    """Returns the fraction of users whose held-out item follows its predecessor in some training history."""
    last = evaluation_inputs(data, MAX_LEN, split)[:, -1].astype(np.int64)
    heads = np.repeat(np.arange(data.num_items, dtype=np.int64), np.diff(transitions.start))
    pairs = heads * data.num_items + transitions.tail
    return float(np.mean(np.isin(last * data.num_items + getattr(data, split), pairs)))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="NPZ", help="interactions (see docs/mqsa_ted.md)")
    print("| set | repeated transitions | covered validation items | covered test items |")
    print("|---|---|---|---|")
    for file in track(parser.parse_args(argv).files, "data sets"):
        data = Interactions.load(file)
        transitions = count_transitions(data, MAX_LEN)
        repeated = 1.0 - np.sum(transitions.count == 1) / np.sum(transitions.count)
        covered = [coverage(data, transitions, split) for split in ("validation", "test")]
        print(f"| {file.stem.capitalize()} | {repeated:.1%} | {covered[0]:.1%} | {covered[1]:.1%} |")


if __name__ == "__main__":
    command_line.run_main(main)
