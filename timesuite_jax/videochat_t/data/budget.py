"""Fits a conversation into a number of tokens, and lays it out as one row of a batch.

Upstream cuts whatever is too long on the right, and the right is where the answer stands: of its dense-caption answers
nearly all lose their end to 800 tokens of time stamps. Here the time sentence gives way first (written compactly, then
dropped), then whole later turns; an answer is never cut in the middle, and a sample whose first answer cannot fit is
refused. Every sacrifice comes back as a `Cut`, to be counted per corpus.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from timesuite_jax.text.clip_time import TimeStyle, video_time_text
from timesuite_jax.text.conversation import TRAINING, Conversation, ConversationLayout, Turn, encode_conversation
from timesuite_jax.text.tokenizer import SpecialIds, Tokenizer


@dataclass(frozen=True)
class Cut:
    """One thing that was given up, and how many tokens that saved."""

    what: str  # "time_text_compact", "time_text_dropped", "turns", or "answer" (by `cut_like_upstream` only)
    n_tokens: int


@dataclass(frozen=True)
class Fitted:
    """A conversation that fits.

    Attributes:
      conversation: what is left.
      length: the bucket, S.
      cuts: what was given up, in order; empty when nothing was.
    """

    conversation: Conversation
    length: int
    cuts: tuple[Cut, ...]


@dataclass(frozen=True)
class DoesNotFit:
    """A sample that cannot fit without cutting into its answer; `reason` is for the report."""

    reason: str


# What the time sentence gives way to, in order. For a handful of frames "compact" is the longer one, so a step that
# saves nothing is not taken.
_GIVE_WAY = (("time_text_compact", TimeStyle.COMPACT), ("time_text_dropped", TimeStyle.NONE))


def smallest_bucket(length: int, buckets: Sequence[int]) -> int | None:
    """The smallest of `buckets` that holds `length` tokens, or None."""
    return min((bucket for bucket in buckets if bucket >= length), default=None)


def fit(
    tokenizer: Tokenizer,
    turns: Sequence[Turn],
    *,
    seconds: Sequence[float],
    n_visual: int,
    buckets: Sequence[int],
    layout: ConversationLayout = TRAINING,
    style: TimeStyle = TimeStyle.DECIMAL,
    media: str = "Video",
    strict: bool = True,
    independent: bool = False,
) -> Fitted | DoesNotFit:
    """Tokenises a conversation so that it fits the largest bucket, giving up as little as needed.

    Args:
      tokenizer: the language model's.
      turns: questions and answers.
      seconds: time of each frame; empty for none.
      n_visual: visual tokens that go between the two halves.
      buckets: lengths S of whole sequences (BOS, text and visual tokens).
      layout: where the parts stand.
      style: how the times are written if there is room.
      media: "Video" or "Image".
      strict: as in `render`.
      independent: as in `encode_conversation`.

    Returns:
      The conversation with its bucket and cuts, or why it was refused.

    Raises:
      UserError: for texts that `render` refuses.
    """
    room = max(buckets) - n_visual - 1

    def encode(turns: Sequence[Turn], style: TimeStyle) -> Conversation:
        return encode_conversation(
            tokenizer,
            turns,
            layout=layout,
            times=video_time_text(seconds, style),
            media=media,
            strict=strict,
            independent=independent,
        )

    whole = best = encode(turns, style)
    cuts: list[Cut] = []
    for what, shorter in _GIVE_WAY:
        if best.n_text > room:
            candidate = encode(turns, shorter)
            if candidate.n_text < best.n_text:
                best, style = candidate, shorter
                cuts = [Cut(what, whole.n_text - best.n_text)]
    all_turns, kept = best, len(turns)
    while best.n_text > room and kept > 1:
        kept -= 1
        best = encode(turns[:kept], style)
    if kept < len(turns):
        cuts.append(Cut("turns", all_turns.n_text - best.n_text))
    if best.n_text > room:
        needed = best.n_text + n_visual + 1
        return DoesNotFit(
            f"needs {needed} tokens ({n_visual} visual, {best.n_answer} of the answer) without any time text, "
            f"and the largest sequence has {max(buckets)}"
        )
    length = smallest_bucket(best.n_text + n_visual + 1, buckets)
    assert length is not None
    return Fitted(best, length, tuple(cuts))


def cut_like_upstream(conversation: Conversation, max_text: int) -> Fitted:
    """Cuts on the right, answers too: for parity only.

    Args:
      conversation: what may be too long.
      max_text: upstream's `max_txt_len`: text tokens and the BOS slot together.

    Returns:
      The conversation with at most `max_text - 1` tokens, with `length` the tokens of text and BOS.
    """
    keep = max(0, min(conversation.n_text, max_text - 1) - len(conversation.before_ids))
    mask = conversation.answer_mask
    lost = int(mask[keep:].sum())
    left = Conversation(
        conversation.before_ids, conversation.after_ids[:keep], mask[:keep], conversation.segments[:keep]
    )
    return Fitted(left, left.n_text + 1, (Cut("answer", lost),) if lost else ())


class Row(NamedTuple):
    """One conversation as a row of the batch contract."""

    tokens: Int[np.ndarray, " S"]  # int32: BOS, text, padding ids at visual positions, text, padding
    visual_slot: Int[np.ndarray, " S"]  # int32: index of the visual token that stands here, or -1
    loss_mask: Bool[np.ndarray, " S"]  # True where the token is a target
    valid: Bool[np.ndarray, " S"]  # False on padding
    segments: Int[np.ndarray, " S"]  # int32: 0 where all turns see it, i + 1 where only turn i does


def lay_out(conversation: Conversation, *, n_visual: int, length: int, special: SpecialIds) -> Row:
    """Lays a conversation out with its visual slots in a row of a fixed length.

    Args:
      conversation: token ids on both sides of the visual tokens.
      n_visual: how many visual tokens go between.
      length: S, the bucket.
      special: the tokenizer's special ids.

    Raises:
      ValueError: if it does not fit.
    """
    start = 1 + len(conversation.before_ids)
    after = start + n_visual
    end = after + len(conversation.after_ids)
    if end > length:
        raise ValueError(f"a conversation of {end} tokens does not fit a row of {length}; call fit first")
    tokens = np.full(length, special.pad, np.int32)
    tokens[:start] = [special.bos, *conversation.before_ids]
    tokens[after:end] = conversation.after_ids
    visual_slot = np.full(length, -1, np.int32)
    visual_slot[start:after] = np.arange(n_visual)
    loss_mask = np.zeros(length, bool)
    loss_mask[after:end] = conversation.answer_mask
    segments = np.zeros(length, np.int32)
    segments[after:end] = conversation.segments
    return Row(tokens, visual_slot, loss_mask, np.arange(length) < end, segments)
