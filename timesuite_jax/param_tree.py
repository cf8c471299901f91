"""Nested dictionaries of parameters: paths, splitting in two, putting together again.

Frozen and trainable parameters travel as two trees (only the trainable one is differentiated, has optimizer state and
is written at every save), so splitting by path is the operation that everything else leans on.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

ParamPath = tuple[str, ...]
Params = dict[str, Any]  # nested dictionary of arrays


def leaves_with_paths(tree: Mapping[str, Any], prefix: ParamPath = ()) -> Iterator[tuple[ParamPath, Any]]:
    """Yields `(path, leaf)` of a nested mapping in sorted order; whatever is not a mapping is a leaf."""
    for key in sorted(tree):
        value = tree[key]
        if isinstance(value, Mapping):
            yield from leaves_with_paths(value, (*prefix, key))
        else:
            yield (*prefix, key), value


def from_paths(pairs: Mapping[ParamPath, Any]) -> dict[str, Any]:
    """Builds the nested dictionary whose leaves are given by path.

    Raises:
      ValueError: if one path is the beginning of another.
    """
    tree: dict[str, Any] = {}
    for path, leaf in pairs.items():
        node = tree
        for key in path[:-1]:
            node = node.setdefault(key, {})
            if not isinstance(node, dict):
                raise ValueError(f"{'/'.join(path)} lies below a leaf")
        if path[-1] in node:
            raise ValueError(f"{'/'.join(path)} is both a leaf and a branch, or given twice")
        node[path[-1]] = leaf
    return tree


def split(tree: Mapping[str, Any], predicate: Callable[[ParamPath], bool]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Splits a tree in (leaves whose path satisfies `predicate`, all others)."""
    chosen, rest = {}, {}
    for path, leaf in leaves_with_paths(tree):
        (chosen if predicate(path) else rest)[path] = leaf
    return from_paths(chosen), from_paths(rest)


def merge(*trees: Mapping[str, Any]) -> dict[str, Any]:
    """Puts trees without common leaves together; the inverse of `split`.

    Raises:
      ValueError: if two trees hold the same path.
    """
    pairs: dict[ParamPath, Any] = {}
    for tree in trees:
        for path, leaf in leaves_with_paths(tree):
            if path in pairs:
                raise ValueError(f"{'/'.join(path)} stands in two of the trees to merge")
            pairs[path] = leaf
    return from_paths(pairs)
