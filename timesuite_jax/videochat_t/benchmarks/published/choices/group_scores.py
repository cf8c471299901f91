"""Scores of groups of four questions, as Video-MME-v2's evaluation computes them (VLMEvalKit, videommev2.py).

Of questions about the same content, the score grows with the square of how many are right. Of questions that build on
each other, it depends on how many are right before the first wrong one; two questions of one step count together.

That evaluation gives an answer without a letter the value -1, which is subtracted in the first case, and in the second
counts as right, because only 0 is false.
"""

from collections.abc import Sequence

from timesuite_jax.data.choices.video_mme_v2 import GROUP_SIZE, RELEVANCE

UNREAD = -1
_CONSISTENCY = (0.0, 1 / 16, 4 / 16, 9 / 16, 1.0)
_CHAINS = {
    "[1,2,3,4]": (0.0, 1 / 16, 4 / 16, 9 / 16, 1.0),
    "[1,[2,3],4]": (0.0, 1 / 12, 4 / 12, 7 / 12, 1.0),
    "[[1,2],3,4]": (0.0, 1 / 10, 2 / 10, 5 / 10, 1.0),
}


def group_score(right: Sequence[int], structure: str) -> float | None:
    """Scores a group.

    Args:
      right: whether each question is answered correctly, in order: 1 or 0; `UNREAD` where the answer has no letter, for
        the result of that evaluation.
      structure: `RELEVANCE`, or which questions build on which: "[1,[2,3],4]".

    Returns:
      A fraction of 1; None if the group is incomplete or the structure unknown.
    """
    if len(right) != GROUP_SIZE:
        return None
    if structure == RELEVANCE:
        return _CONSISTENCY[max(0, sum(right))]
    if structure not in _CHAINS:
        return None
    length = next((number for number, one in enumerate(right) if not one), GROUP_SIZE)
    # The second of two questions of one step counts where only the first of them is wrong.
    if (structure == "[1,[2,3],4]" and length == 1 and right[2]) or (
        structure == "[[1,2],3,4]" and length == 0 and right[1]
    ):
        length += 1
    return _CHAINS[structure][length]
