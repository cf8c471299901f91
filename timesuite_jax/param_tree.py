"""Nested dictionaries of parameters: paths, splitting, merging.

Frozen and trainable parameters are two trees (only the trainable one is differentiated, has optimizer state and is
written at every save), so trees are split by path in many places.
"""

from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from flax import traverse_util

ParamPath = tuple[str, ...]
Params = dict[str, Any]  # nested dictionary of arrays


def leaves_with_paths(tree: Mapping[str, Any]) -> Iterator[tuple[ParamPath, Any]]:
    """Yields `(path, leaf)` of a nested dict, sorted by path; every value that is not a dict is a leaf."""
    yield from sorted(traverse_util.flatten_dict(tree).items(), key=itemgetter(0))


def from_paths(pairs: Mapping[ParamPath, Any]) -> dict[str, Any]:
    """Builds the nested dictionary with these leaves.

    Raises:
      ValueError: if one path is a prefix of another, which `traverse_util.unflatten_dict` does not check.
    """
    for path in pairs:
        for end in range(1, len(path)):
            if path[:end] in pairs:
                raise ValueError(f"{'/'.join(path[:end])} is a leaf, but {'/'.join(path)} is below it")
    return traverse_util.unflatten_dict(dict(pairs))


def split(tree: Mapping[str, Any], predicate: Callable[[ParamPath], bool]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Splits a tree into (leaves whose path satisfies `predicate`, all others)."""
    chosen, rest = {}, {}
    for path, leaf in leaves_with_paths(tree):
        (chosen if predicate(path) else rest)[path] = leaf
    return from_paths(chosen), from_paths(rest)


def merge(*trees: Mapping[str, Any]) -> dict[str, Any]:
    """Merges trees without common leaves; the inverse of `split`.

    Raises:
      ValueError: if two trees contain the same path.
    """
    pairs: dict[ParamPath, Any] = {}
    for tree in trees:
        for path, leaf in leaves_with_paths(tree):
            if path in pairs:
                raise ValueError(f"{'/'.join(path)} is in two of the trees to merge")
            pairs[path] = leaf
    return from_paths(pairs)
