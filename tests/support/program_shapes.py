"""Shapes of the values that a program computes, to test what it keeps in memory."""

import jax


def shapes_of(jaxpr: object) -> set[tuple[int, ...]]:
    """Shapes of all values in a program and its inner programs."""
    found = set()
    for eqn in jaxpr.eqns:
        found |= {v.aval.shape for v in eqn.outvars if hasattr(v.aval, "shape")}
        for inner in jax.tree.leaves(eqn.params, is_leaf=lambda x: hasattr(x, "eqns") or hasattr(x, "jaxpr")):
            inner = getattr(inner, "jaxpr", inner)
            if hasattr(inner, "eqns"):
                found |= shapes_of(inner)
    return found
