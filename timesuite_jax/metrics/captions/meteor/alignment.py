"""The beam search by which METEOR 1.5 aligns a hypothesis with a reference.

It departs from an exact search in two ways that decide scores, and that are followed here: weights of matches are cut
to whole numbers, so that a stem, synonym or paraphrase of one word is worth nothing; and the distance of a match that
is tried is added to the path that it left, not to the new one.
"""

from collections.abc import Sequence
from typing import NamedTuple

from timesuite_jax.metrics.captions.meteor.matches import EXACT, Match

BEAM = 40
_NO_CHUNK = -1


class _Path(NamedTuple):
    """A partial alignment: what it is worth, where it has arrived, which words it uses, and its last match."""

    worth: int
    chunks: int
    distance: int
    next_word: int
    chunk_end: int
    reference_used: int
    hypothesis_used: int
    matches: tuple | None

    def cost(self) -> tuple[int, int, int]:
        """Sorts paths, the best first."""
        return -self.worth, self.chunks, self.distance

    def take(self, match: Match, distance: int) -> "_Path":
        """Returns the path that goes on with a match."""
        opens = self.chunk_end not in (_NO_CHUNK, match.hypothesis_start)
        return _Path(
            self.worth + _worth(match),
            self.chunks + opens,
            distance,
            match.start + match.length,
            match.hypothesis_start + match.hypothesis_length,
            self.reference_used | match.reference_mask,
            self.hypothesis_used | match.hypothesis_mask,
            (match, self.matches),
        )


def align(found: Sequence[Sequence[Match]]) -> list[Match]:
    """Chooses matches that share no word: most of them, then fewest chunks, then smallest distance.

    Args:
      found: the matches that start at each word of the reference, from `find_matches`.
    """
    fixed = _unambiguous(found)
    reference_used = hypothesis_used = 0
    for match in fixed.values():
        reference_used |= match.reference_mask
        hypothesis_used |= match.hypothesis_mask
    paths = [_Path(0, 0, 0, 0, _NO_CHUNK, reference_used, hypothesis_used, None)]
    for word, matches in enumerate(found):
        following: list[_Path] = []
        for path in _best(paths):
            following.extend(_steps(path, word, matches, fixed))
        paths = following or _best(paths)[:1]
    closed = [path._replace(chunks=path.chunks + (path.chunk_end != _NO_CHUNK)) for path in _best(paths)]
    chosen, link = [], _best(closed)[0].matches
    while link is not None:
        match, link = link
        chosen.append(match)
    return chosen[::-1]


def _best(paths: Sequence[_Path]) -> list[_Path]:
    return sorted(paths, key=_Path.cost)[:BEAM] if len(paths) > 1 else list(paths)


def _steps(path: _Path, word: int, matches: Sequence[Match], fixed: dict[int, Match]) -> list[_Path]:
    """Returns the paths that follow one at a word of the reference."""
    if path.reference_used >> word & 1:
        if word < path.next_word:
            return [path]
        match = fixed.get(path.next_word)
        return [path.take(match, path.distance + _distance(match))] if match else []
    steps, distance = [], path.distance
    for match in matches:
        if not (path.reference_used & match.reference_mask or path.hypothesis_used & match.hypothesis_mask):
            steps.append(path.take(match, distance))
            distance += _distance(match)
    ends = path.chunk_end != _NO_CHUNK
    skip = _Path(
        path.worth, path.chunks + ends, distance, path.next_word + 1, _NO_CHUNK,
        path.reference_used, path.hypothesis_used, path.matches,
    )  # fmt: skip
    return [*steps, skip]


def _unambiguous(found: Sequence[Sequence[Match]]) -> dict[int, Match]:
    """Returns the matches, by their start, whose words no other match covers; they are part of every alignment."""
    once = [0, 0]  # words covered by one match or more, on both sides
    twice = [0, 0]
    for matches in found:
        for match in matches:
            for side, mask in enumerate((match.reference_mask, match.hypothesis_mask)):
                twice[side] |= once[side] & mask
                once[side] |= mask
    return {
        matches[0].start: matches[0]
        for matches in found
        if len(matches) == 1 and not (matches[0].reference_mask & twice[0] or matches[0].hypothesis_mask & twice[1])
    }


def _worth(match: Match) -> int:
    """Weight of a match in the search: its words on both sides, half of them, rounded down, unless they are equal."""
    if match.module == EXACT:
        return match.length + match.hypothesis_length
    return match.length // 2 + match.hypothesis_length // 2


def _distance(match: Match) -> int:
    return abs(match.start - match.hypothesis_start)
