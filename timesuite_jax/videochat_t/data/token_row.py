"""Lays out a conversation and its visual tokens as one row of a batch."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from timesuite_jax.text.conversation import Conversation
from timesuite_jax.text.tokenizer import SpecialIds


class TokenRow(NamedTuple):
    """One conversation as a row of the batch contract."""

    tokens: Int[np.ndarray, " S"]  # int32: BOS, text, padding ids at visual positions, text, padding
    visual_slot: Int[np.ndarray, " S"]  # int32: index of the visual token at this position, or -1
    loss_mask: Bool[np.ndarray, " S"]  # True where the token is a target
    valid: Bool[np.ndarray, " S"]  # False on padding
    segments: Int[np.ndarray, " S"]  # int32: 0 where all turns attend, i + 1 where only turn i does


def lay_out(conversation: Conversation, *, n_visual: int, length: int, special: SpecialIds) -> TokenRow:
    """Lays out a conversation around its visual slots in a row of a fixed length.

    Args:
      conversation: token ids before and after the visual tokens.
      n_visual: number of visual tokens.
      length: S, the bucket.
      special: the tokenizer's special ids.

    Raises:
      ValueError: the conversation is longer than the row.
    """
    start = 1 + len(conversation.before_ids)
    after = start + n_visual
    end = after + len(conversation.after_ids)
    if end > length:
        raise ValueError(f"a conversation of {end} tokens does not fit a row of {length}; call fit_conversation first")
    tokens = np.full(length, special.pad, np.int32)
    tokens[:start] = [special.bos, *conversation.before_ids]
    tokens[after:end] = conversation.after_ids
    visual_slot = np.full(length, -1, np.int32)
    visual_slot[start:after] = np.arange(n_visual)
    loss_mask = np.zeros(length, bool)
    loss_mask[after:end] = conversation.answer_mask
    segments = np.zeros(length, np.int32)
    segments[after:end] = conversation.segments
    return TokenRow(tokens, visual_slot, loss_mask, np.arange(length) < end, segments)
