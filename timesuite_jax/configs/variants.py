"""Variants of a config: the words after the colon, as in `linear_p.py:debug`."""

from collections.abc import Iterable

from timesuite_jax.errors import UserError
from timesuite_jax.suggestions import did_you_mean


def check_variant(arg: str | None, known: Iterable[str]) -> None:
    """Checks the argument of a config; None and "" are no variant.

    Raises:
      UserError: if the variant is unknown, with the known ones.
    """
    known = tuple(known)
    if arg and arg not in known:
        hint = did_you_mean(arg, known)
        raise UserError(
            f"variant {arg!r} is unknown; {f'{hint} ' if hint else ''}known variants are {', '.join(known)}"
        )
