"""Tokenizes conversations about a video, with a mask of the answer tokens.

The mask equals the labels of upstream's `forward` (dataset/it_dataset_mistral.py and its model): each answer, the space
before its end token, and the end token.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int

from timesuite_jax.errors import UserError
from timesuite_jax.text.conversation_text import TRAINING, ConversationLayout, Turn, check_turns, render
from timesuite_jax.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class Conversation:
    """Token ids of a conversation before and after the visual tokens (without BOS and visual placeholders).

    Attributes:
      before_ids: ids before the visual tokens.
      after_ids: ids after the visual tokens.
      answer_mask: True for those of `after_ids` that belong to an answer (with its end token).
      segments: int32; 0 for tokens visible to all turns, i + 1 for tokens of turn i; all 0 unless independent.
    """

    before_ids: tuple[int, ...]
    after_ids: tuple[int, ...]
    answer_mask: Bool[np.ndarray, " after"]
    segments: Int[np.ndarray, " after"]

    @property
    def n_text(self) -> int:
        """Number of text tokens, without BOS."""
        return len(self.before_ids) + len(self.after_ids)

    @property
    def n_answer(self) -> int:
        """Number of answer tokens, the targets of training."""
        return int(self.answer_mask.sum())


def encode_conversation(
    tokenizer: Tokenizer,
    turns: Sequence[Turn],
    *,
    layout: ConversationLayout = TRAINING,
    times: str = "",
    media: str = "Video",
    answer_prompt: str = "",
    strict: bool = True,
    independent: bool = False,
) -> Conversation:
    """Tokenizes a conversation and marks its answers; see `render` for the other arguments.

    Args:
      independent: whether the turns are separate conversations that share everything before the first question.

    Raises:
      UserError: as `render`; also if the tokenizer merges characters across the start or end of an answer, or one of
        several independent turns has no question.
    """
    if independent and len(turns) > 1:
        # Tokenized separately: after the end token of another answer, a turn would begin with one more token.
        return _concatenate(
            [
                encode_conversation(
                    tokenizer,
                    [replace(turn, instruction=turns[0].instruction)],
                    layout=layout,
                    times=times,
                    media=media,
                    answer_prompt=answer_prompt,
                    strict=strict,
                    independent=True,
                )
                for turn in _check_questions(check_turns(turns, strict))
            ]
        )
    before, after, spans = render(
        turns, layout=layout, times=times, media=media, answer_prompt=answer_prompt, strict=strict
    )
    ids = tokenizer.encode(after)
    mask = np.zeros(len(ids), bool)
    for start, end in spans:
        first, last = _prefix_length(tokenizer, after[:start], ids), _prefix_length(tokenizer, after[:end], ids)
        mask[first:last] = True
    segments = np.zeros(len(ids), np.int32)
    if independent:
        opening = render([replace(turns[0], question="", answer=None)], layout=layout, times=times, media=media)[1]
        segments[_prefix_length(tokenizer, opening, ids) :] = 1
    return Conversation(tuple(tokenizer.encode(before)), tuple(ids), mask, segments)


def _check_questions(turns: Sequence[Turn]) -> Sequence[Turn]:
    for i, turn in enumerate(turns):
        if not turn.question:
            # The first token of its answer would be predicted from the last token of the previous turn.
            raise UserError(
                f"turn {i} has no question, so it cannot be independent of others; use turns='one' or 'all'"
            )
    return turns


def _concatenate(conversations: Sequence[Conversation]) -> Conversation:
    """Concatenates conversations with the same opening, as one segment each."""
    shared = int(np.sum(conversations[0].segments == 0))
    ids = [conversations[0].after_ids[:shared], *(one.after_ids[shared:] for one in conversations)]
    masks = [conversations[0].answer_mask[:shared], *(one.answer_mask[shared:] for one in conversations)]
    return Conversation(
        conversations[0].before_ids,
        tuple(token for part in ids for token in part),
        np.concatenate(masks),
        np.repeat(np.arange(len(ids), dtype=np.int32), [len(part) for part in ids]),
    )


def _prefix_length(tokenizer: Tokenizer, prefix: str, ids: Sequence[int]) -> int:
    """Returns the number of tokens of a prefix of the text with these ids."""
    part = tokenizer.encode(prefix)
    if list(ids[: len(part)]) != part:
        raise UserError(
            f"the tokenizer merges characters across the start or end of an answer, after {prefix[-20:]!r}; "
            "use one whose words begin with a space"
        )
    return len(part)
