"""How much of what comes next do counted transitions name outright, data set by data set?

    python benchmarks/transition_knowledge.py beauty.npz sports.npz toys.npz yelp.npz

Prints a row a file: the share of training's transitions that are not the only one of their kind, and the share of users
whose held-out item has followed the item before it somewhere in training.
"""

import argparse
from pathlib import Path

import numpy as np

from timesuite_jax.mqsa_ted.data import Interactions, Split, Transitions, count_transitions, evaluation_inputs

MAX_LEN = 50  # that of configs/mqsa_ted


def known_next(data: Interactions, transitions: Transitions, split: Split) -> float:
    """The share of users whose held-out item has followed the one before it in some training history."""
    last = evaluation_inputs(data, MAX_LEN, split)[:, -1].astype(np.int64)
    heads = np.repeat(np.arange(data.num_items, dtype=np.int64), np.diff(transitions.start))
    pairs = heads * data.num_items + transitions.tail
    return float(np.mean(np.isin(last * data.num_items + getattr(data, split), pairs)))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="NPZ", help="interactions")
    print("| set | transitions met again | validation items that followed before | test items that followed before |")
    print("|---|---|---|---|")
    for file in parser.parse_args(argv).files:
        data = Interactions.load(file)
        transitions = count_transitions(data, MAX_LEN)
        again = 1.0 - np.sum(transitions.count == 1) / np.sum(transitions.count)
        known = [known_next(data, transitions, split) for split in ("validation", "test")]
        print(f"| {file.stem.capitalize()} | {again:.1%} | {known[0]:.1%} | {known[1]:.1%} |")


if __name__ == "__main__":
    main()
