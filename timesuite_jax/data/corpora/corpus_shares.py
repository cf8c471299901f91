"""Which corpora a mixture has, and how often it visits their records, as configs write it.

An entry is "FOLDER", "NAME@ROOT" for a ready-made mixture (`data.timepro.mixtures`) whose corpora are in ROOT, or one
of these followed by "*3" to visit each record three times an epoch.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from timesuite_jax.data.corpora.corpus import INFO_NAME
from timesuite_jax.data.timepro.mixtures import MIXTURES
from timesuite_jax.errors import UserError
from timesuite_jax.storage.remote_path import to_path
from timesuite_jax.suggestions import did_you_mean

_NAMED = re.compile(r"(\w+)@(.+)")


@dataclass(frozen=True)
class CorpusShare:
    """A corpus of a mixture.

    Attributes:
      folder: of the corpus.
      repeat: visits of each record an epoch.
      group: corpora with the same group, one after the other, share a weight.
      weight: of the group; None in a mixture without weights.
    """

    folder: str
    repeat: int = 1
    group: str = ""
    weight: float | None = None


def corpus_shares(entries: Sequence[str], weights: Sequence[float] = ()) -> tuple[CorpusShare, ...]:
    """Parses a mixture.

    Args:
      entries: see the module.
      weights: of each entry, proportional to its part of an epoch's samples; none: each record is visited once an
        epoch, or as often as its entry has it.

    Raises:
      UserError: an entry or a weight is wrong, there is not one weight an entry, or weights come with repeats.
    """
    if weights and len(weights) != len(entries):
        raise UserError(
            f"data.corpus_weights has {len(weights)} weights for the {len(entries)} entries of data.corpora; "
            "give one an entry, or none"
        )
    shares = []
    for number, entry in enumerate(entries):
        name, repeat = _split_repeat(entry)
        weight = None
        if weights:
            weight = float(weights[number])
            if not 0 < weight < math.inf:
                raise UserError(f"data.corpus_weights has {weight:g} for {entry}; give a number above 0")
            if repeat != 1:
                raise UserError(f"{entry!r} has a repeat, and data.corpus_weights a weight for it; remove one of them")
        shares += [CorpusShare(folder, repeat, entry if weights else "", weight) for folder in _folders(name)]
    return tuple(shares)


def missing_corpora(shares: Sequence[CorpusShare]) -> list[str]:
    """Folders among the shares that hold no corpus."""
    return [share.folder for share in shares if not (to_path(share.folder) / INFO_NAME).exists()]


def _split_repeat(entry: str) -> tuple[str, int]:
    name, star, repeat = entry.rpartition("*")
    if star and not repeat.isdigit():
        raise UserError(f"corpus {entry!r} has no whole number after the star; write it as FOLDER*3")
    return (name, int(repeat)) if star else (entry, 1)


def _folders(entry: str) -> list[str]:
    """The folder that an entry names, or those of a ready-made mixture."""
    named = _NAMED.fullmatch(entry)
    name, root = named.groups() if named else (entry, "")
    if named and name in MIXTURES:
        return [f"{root.rstrip('/') or '/'}/{corpus}" for corpus in MIXTURES[name]]
    if (not named and name not in MIXTURES) or (to_path(entry) / INFO_NAME).exists():
        return [entry]
    if name in MIXTURES:
        raise UserError(f"the mixture {name} needs the folder that holds its corpora; write it as {name}@FOLDER")
    hint = did_you_mean(name, MIXTURES)
    raise UserError(
        f"{entry!r} is no corpus, and there is no mixture {name!r}"
        + (f"; {hint}" if hint else "")
        + f"; known mixtures: {', '.join(MIXTURES)}"
    )
