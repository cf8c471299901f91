"""Variants of a config: the words after the colon, as in `linear_p.py:debug`."""

from collections.abc import Collection, Iterable

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


def split_variant(
    arg: str | None, runs: Collection[str], default: str, *, forms: Collection[str] = ("debug",)
) -> tuple[str, str]:
    """The run and the form that the argument of a config names.

    Args:
      arg: such as "k400", "k400,debug" or "debug".
      runs: names of runs.
      default: the run where `arg` names none.
      forms: names of forms that every run has.

    Returns:
      The name of a run, and that of a form or "".

    Raises:
      UserError: if a word is unknown, or there are two runs or two forms.
    """
    words = list(dict.fromkeys(arg.split(","))) if arg else []
    for word in words:
        check_variant(word, (*runs, *forms))
    named, formed = ([word for word in words if word in names] for names in (runs, forms))
    for several in (named, formed):
        if len(several) > 1:
            raise UserError(f"variant {arg!r} names both {several[0]!r} and {several[1]!r}; choose one of them")
    return (named or [default])[0], (formed or [""])[0]
