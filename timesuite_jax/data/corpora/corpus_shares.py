"""Which corpora a mixture has, and how often it visits their records, as configs write it.

An entry is "FOLDER", "NAME@ROOT" for a ready-made mixture (`data.timepro.mixtures`) whose corpora are in ROOT, or one
of these followed by "*3" to visit each record three times an epoch. A corpus that several entries name is in the
mixture once: without weights its records are visited as often as the largest repeat has it, and with weights each entry
gives it a part of its own.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

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
      weights: the entries that name the corpus, each with its weight, which all corpora of the entry share by their
        sizes; empty in a mixture without weights.

    Raises:
      UserError: the repeat is below 1.
    """

    folder: str
    repeat: int = 1
    weights: tuple[tuple[str, float], ...] = ()

    def __post_init__(self):
        if self.repeat < 1:
            raise UserError(f"corpus {self.folder} has repeat {self.repeat}; give 1 or more, or leave it out")


def corpus_shares(entries: Sequence[str], weights: Sequence[float] = ()) -> tuple[CorpusShare, ...]:
    """Parses a mixture.

    Args:
      entries: see the module.
      weights: of each entry, proportional to its part of an epoch's samples; none: each record is visited once an
        epoch, or as often as its entry has it.

    Returns:
      Each corpus once; those with the same weights one after the other.

    Raises:
      UserError: an entry or a weight is wrong, an entry is there twice, there is not one weight an entry, or weights
        come with repeats.
    """
    if weights and len(weights) != len(entries):
        raise UserError(
            f"data.corpora and data.corpus_weights differ in length ({len(entries)} and {len(weights)}); give one "
            "weight for each entry, or none"
        )
    shares: dict[str, CorpusShare] = {}
    previous: set[tuple[str, ...]] = set()
    for number, entry in enumerate(entries):
        name, repeat = _split_repeat(entry)
        folders = {str(PurePath(folder)): folder for folder in _folders(name)}
        if tuple(folders) in previous:
            raise UserError(f"the corpora name {name} twice; leave one out (FOLDER*2 visits a corpus twice)")
        previous.add(tuple(folders))
        own = ((name, _weight(entry, repeat, weights[number])),) if weights else ()
        for path, folder in folders.items():
            share = CorpusShare(folder, repeat, own)
            if (other := shares.get(path)) is not None:
                share = CorpusShare(other.folder, max(other.repeat, repeat), other.weights + own)
            shares[path] = share
    order = list(dict.fromkeys(share.weights for share in shares.values()))
    return tuple(sorted(shares.values(), key=lambda share: order.index(share.weights)))


def _weight(entry: str, repeat: int, weight: float) -> float:
    if not 0 < weight < math.inf:
        raise UserError(f"data.corpus_weights has {weight:g} for {entry}; give a number above 0")
    if repeat != 1:
        raise UserError(f"{entry!r} has a repeat, and data.corpus_weights a weight for it; remove one of them")
    return float(weight)


def corpus_folders(entries: Iterable[str]) -> list[str]:
    """Returns the folders of the corpora of several mixtures together, each once: of training and evaluation, say.

    Args:
      entries: see the module; unlike in a mixture, several may name the same corpus.
    """
    folders: dict[str, str] = {}
    for entry in entries:
        for share in corpus_shares([entry]):
            folders.setdefault(str(PurePath(share.folder)), share.folder)
    return list(folders.values())


def missing_corpora(folders: Iterable[str]) -> list[str]:
    """Returns the folders that hold no corpus."""
    return [folder for folder in folders if not (to_path(folder) / INFO_NAME).exists()]


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
