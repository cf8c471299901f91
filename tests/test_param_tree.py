"""Tests for nested dictionaries of parameters."""

import pytest

from timesuite_jax import param_tree

TREE = {"b": {"kernel": 1, "bias": 2}, "a": {"c": {"d": 3}}}


def test_leaves_are_sorted_by_path():
    leaves = list(param_tree.leaves_with_paths(TREE))
    assert leaves == [(("a", "c", "d"), 3), (("b", "bias"), 2), (("b", "kernel"), 1)]


def test_merge_inverts_split():
    chosen, rest = param_tree.split(TREE, lambda path: path[-1] == "kernel")
    assert chosen == {"b": {"kernel": 1}} and rest == {"b": {"bias": 2}, "a": {"c": {"d": 3}}}
    assert param_tree.merge(chosen, rest) == TREE


@pytest.mark.parametrize("paths", [[("a",), ("a", "b", "c")], [("a", "b", "c"), ("a", "b")]])
def test_path_below_a_leaf_is_an_error(paths: list[tuple[str, ...]]):
    with pytest.raises(ValueError, match=r"a(/b)? is a leaf, but a/b/c is below it"):
        param_tree.from_paths(dict.fromkeys(paths))


def test_common_path_is_an_error():
    with pytest.raises(ValueError, match="b/bias is in two of the trees"):
        param_tree.merge(TREE, {"b": {"bias": 4}})
