"""Lists the differences between two parameter trees, for error messages."""

from collections.abc import Mapping, Sequence
from typing import Any

from timesuite_jax import param_tree


def differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Compares paths, shapes and dtypes of two trees.

    Args:
      found: nested dict of leaves with shape and dtype, of the checkpoint.
      wanted: the same, of the config.

    Returns:
      One line for each parameter that differs; empty if the trees match.
    """
    have, want = dict(param_tree.leaves_with_paths(found)), dict(param_tree.leaves_with_paths(wanted))
    lines = [f"missing in the checkpoint: {'/'.join(path)} {want[path].shape}" for path in sorted(want.keys() - have)]
    lines += [f"not in the config: {'/'.join(path)} {have[path].shape}" for path in sorted(have.keys() - want)]
    for path in sorted(have.keys() & want):
        a, b = have[path], want[path]
        if (tuple(a.shape), a.dtype) != (tuple(b.shape), b.dtype):
            saved, expected = f"{tuple(a.shape)} {a.dtype}", f"{tuple(b.shape)} {b.dtype}"
            lines.append(f"differs: {'/'.join(path)} is {saved} in the checkpoint, {expected} in the config")
    return lines


def indented(lines: Sequence[str], most: int = 20) -> str:
    """Joins lines, each on an indented line of its own, to append to a message; truncates after `most` lines."""
    more = [f"... and {len(lines) - most} more"] if len(lines) > most else []
    return "".join(f"\n  {line}" for line in [*lines[:most], *more])
