"""Fits a conversation into a number of tokens.

The original truncates on the right, which is where the answer is: nearly all of its dense-caption answers lose their
end to 800 tokens of time stamps. Here the time text is shortened first (written compactly, then dropped), then whole
later turns are dropped; an answer is never truncated, and a sample whose first answer does not fit is dropped. The
kinds of reductions are returned, to be counted by corpus.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from timesuite_jax.text.conversation import Conversation, encode_conversation
from timesuite_jax.text.conversation_text import TRAINING, ConversationLayout, Turn
from timesuite_jax.text.time_text import TimeStyle, video_time_text
from timesuite_jax.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class FittedConversation:
    """A conversation that fits.

    Attributes:
      conversation: the conversation after the cuts.
      length: the smallest bucket that holds it, S.
      cuts: kinds of reductions ("time_text_compact", "time_text_dropped", "turns") in order; empty if all of it fits.
    """

    conversation: Conversation
    length: int
    cuts: tuple[str, ...]


@dataclass(frozen=True)
class DoesNotFit:
    """A sample that cannot fit without truncating its answer; `reason` is for the report."""

    reason: str


# Shorter forms of the time text, in order. For a handful of frames "compact" is longer than the full text, so a form
# that saves nothing is skipped.
_SHORTER_TIME_TEXTS = (("time_text_compact", TimeStyle.COMPACT), ("time_text_dropped", TimeStyle.NONE))


def smallest_bucket(length: int, buckets: Sequence[int]) -> int | None:
    """The smallest of `buckets` that holds `length` tokens, or None."""
    return min((bucket for bucket in buckets if bucket >= length), default=None)


def fit_conversation(
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
    shorten: bool = True,
    independent: bool = False,
    answer_prompt: str = "",
) -> FittedConversation | DoesNotFit:
    """Tokenizes a conversation so that it fits the largest bucket, with as few cuts as needed.

    Args:
      tokenizer: of the language model.
      turns: questions and answers.
      seconds: time of each frame; empty for none.
      n_visual: visual tokens between the two halves of the text.
      buckets: lengths S of whole sequences (BOS, text and visual tokens).
      layout: order of the parts.
      style: how the times are written if they fit.
      media: "Video" or "Image".
      strict: as in `render`.
      shorten: whether the time text may be shortened.
      independent: as in `encode_conversation`.
      answer_prompt: start of the answer that is given to the model.

    Returns:
      The conversation with its bucket and cuts, or why it does not fit.

    Raises:
      UserError: for texts that `render` rejects.
    """
    budget = max(buckets) - n_visual - 1

    def encode(turns: Sequence[Turn], style: TimeStyle) -> Conversation:
        return encode_conversation(
            tokenizer,
            turns,
            layout=layout,
            times=video_time_text(seconds, style),
            media=media,
            strict=strict,
            independent=independent,
            answer_prompt=answer_prompt,
        )

    best = encode(turns, style)
    cuts: list[str] = []
    for kind, shorter in _SHORTER_TIME_TEXTS if shorten else ():
        if best.n_text > budget:
            candidate = encode(turns, shorter)
            if candidate.n_text < best.n_text:
                best, style = candidate, shorter
                cuts = [kind]
    kept = len(turns)
    while best.n_text > budget and kept > 1:
        kept -= 1
        best = encode(turns[:kept], style)
    if kept < len(turns):
        cuts.append("turns")
    length = smallest_bucket(best.n_text + n_visual + 1, buckets)
    if length is None:
        needed = best.n_text + n_visual + 1
        time_text = "without any time text" if shorten else "with all time stamps"
        return DoesNotFit(
            f"needs {needed} tokens ({n_visual} visual, {best.n_answer} of the answer) {time_text}, "
            f"and the largest sequence has {max(buckets)}"
        )
    return FittedConversation(best, length, tuple(cuts))
