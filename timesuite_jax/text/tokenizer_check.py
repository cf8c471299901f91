"""What a tokenizer must be able to do before a run may use it, checked once at the start.

A tokenizer of the wrong family does not fail: it trains quietly on text in which numbers are chopped at random or in
which an answer has no end. So the needs are stated and tested here, with the remedy in the message.
"""

import itertools
import string

from timesuite_jax.errors import UserError
from timesuite_jax.text.clip_time import TimeStyle, clip_time_texts
from timesuite_jax.text.tokenizer import Tokenizer

_MOMENTS = (10.2, 34.5, 67.8, 90.0)  # all digits
_MARKS = "[INST] <Video></Video> [/INST] 12.3 - 45.6"


def check_tokenizer(tokenizer: Tokenizer, name: str) -> None:
    """Makes sure that `tokenizer` serves grounded conversations.

    Args:
      tokenizer: the language model's tokenizer.
      name: what to call it in the message (its path).

    Raises:
      UserError: if a digit is not one token, "</s>" in a text is not the end token, the marks of a conversation do not
        come back from decoding, or a special id lies outside the vocabulary.
    """
    special = tokenizer.special
    for label, index in (("beginning", special.bos), ("end", special.eos), ("padding", special.pad)):
        if not 0 <= index < tokenizer.vocab_size:
            raise UserError(
                f"{name}: the {label} token has id {index}, outside the vocabulary of {tokenizer.vocab_size}"
            )
    if special.bos == special.eos:
        raise UserError(
            f"{name}: beginning and end are the same token {special.bos}; give a tokenizer with <s> and </s>"
        )
    missing = _digits_that_are_not_single_tokens(tokenizer)
    if missing:
        raise UserError(
            f"{name} does not keep digits apart (no single token for {', '.join(missing)}), so time stamps cannot be "
            "learned digit by digit; give Mistral's tokenizer or build one with build_word_tokenizer"
        )
    if tokenizer.encode("a </s>")[-1] != special.eos:
        raise UserError(
            f'{name} does not read "</s>" as its end token {special.eos}; give the file with special tokens'
        )
    back = tokenizer.decode(tokenizer.encode(_MARKS))
    if back != _MARKS:
        raise UserError(f"{name} loses text: {_MARKS!r} comes back as {back!r}; its vocabulary lacks these pieces")


def check_clip_tokenizer(tokenizer: Tokenizer, name: str, style: TimeStyle = TimeStyle.DECIMAL) -> None:
    """Makes sure that the Q-Former can be told when the frames of a clip were taken.

    Args:
      tokenizer: the Q-Former's tokenizer.
      name: what to call it in the message (its path).
      style: how the times are written.

    Raises:
      UserError: if a word or a digit of the clips' sentences is unknown to it.
    """
    (sentence,) = clip_time_texts(_MOMENTS, clips=1, clip_frames=len(_MOMENTS), style=style)
    unknown = [word for word in sentence.split() if not _knows(tokenizer, word)]
    if unknown:
        raise UserError(
            f"{name} has no tokens for {', '.join(map(repr, unknown))}, of which the clips' time texts are made; give "
            "the Q-Former's own tokenizer"
        )


def _knows(tokenizer: Tokenizer, word: str) -> bool:
    try:
        return tokenizer.special.unk not in tokenizer.encode(word)
    except Exception:  # the Rust side raises bare Exception where there is no token for what is unknown
        return False


def _digits_that_are_not_single_tokens(tokenizer: Tokenizer) -> list[str]:
    single = {digit: tokenizer.token_id(digit) for digit in string.digits}
    if missing := [digit for digit, index in single.items() if index is None]:
        return missing
    # Each after each, and between two other digits, so that neither a leading "▁" nor a merged pair can hide them.
    joined = set()
    for one, other in itertools.product(string.digits, repeat=2):
        if tokenizer.encode(f"1{one}{other}2")[-3:] != [single[one], single[other], single["2"]]:
            joined |= {one, other}
    return sorted(joined)
