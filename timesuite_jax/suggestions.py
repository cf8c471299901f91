"""Suggests the known name that is closest to an unknown one, for error messages."""

import difflib
from collections.abc import Iterable

RENAMED = {"kernels": "weight_format"}  # former names of keys of configs


def did_you_mean(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Returns `did you mean 'x'?` with the closest known name, or "" if none is close.

    Args:
      name: the unknown name.
      known: names to choose from.
      cutoff: the least similarity, from 0 to 1, as in `difflib.get_close_matches`.
    """
    if RENAMED.get(name) in (known := list(known)):
        return f"it is called {RENAMED[name]!r} now"
    close = difflib.get_close_matches(name, known, n=1, cutoff=cutoff)
    return f"did you mean {close[0]!r}?" if close else ""
