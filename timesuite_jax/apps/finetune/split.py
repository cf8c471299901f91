"""Splits videos into those to train on and those held out for evaluation."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from timesuite_jax.errors import UserError


class Split(NamedTuple):
    """Names of videos, sorted; no two files with the same content are in different parts."""

    train: tuple[str, ...]
    held_out: tuple[str, ...]


def split_videos(digests: Mapping[str, str], share: float, *, seed: int) -> Split:
    """Splits videos by a hash of their names, so that neither the order nor the questions of rows decide.

    A video's place in the order of hashes does not depend on other videos: with more of them, most of the held-out ones
    stay held out.

    Args:
      digests: for each video a digest of its content; copies of a file stay together.
      share: of the videos to hold out, from 0 to 1; at least one video and not all, unless it is 0.
      seed: of the hash.

    Raises:
      UserError: there is only one video to split.
    """
    copies: dict[str, list[str]] = {}
    for name, digest in sorted(digests.items()):
        copies.setdefault(digest, []).append(name)
    if share == 0:
        return Split(tuple(sorted(digests)), ())
    if len(copies) < 2:
        raise UserError(
            f"rows about a single video, {next(iter(digests), '')}, cannot be split by video; add rows about other "
            "videos, or give --held-out 0 to train without an evaluation"
        )
    order = sorted(copies.values(), key=lambda names: hashlib.sha256(f"{seed}:{names[0]}".encode()).digest())
    count = min(max(1, round(share * len(order))), len(order) - 1)
    held_out = [name for names in order[:count] for name in names]
    return Split(tuple(sorted(set(digests).difference(held_out))), tuple(sorted(held_out)))
