"""Checks at the start of a run that a tokenizer meets the model's requirements.

A tokenizer of the wrong family raises no error: training proceeds on text whose numbers are split arbitrarily or whose
answers have no end token.
"""

import itertools
import string

from timesuite_jax.errors import UserError
from timesuite_jax.text.time_text import TimeStyle, clip_time_texts
from timesuite_jax.text.tokenizer import Tokenizer

_TIMES = (10.2, 34.5, 67.8, 90.0)  # all digits
_MARKERS = "[INST] <Video></Video> [/INST] 12.3 - 45.6"


def check_tokenizer(tokenizer: Tokenizer, name: str) -> None:
    """Checks that `tokenizer` can represent conversations with timestamps.

    Args:
      tokenizer: the language model's tokenizer.
      name: its name in error messages (its path).

    Raises:
      UserError: a digit is not a single token, "</s>" in a text is not the end token, conversation markers are not
        preserved by encoding and decoding, or a special id is outside the vocabulary.
    """
    special = tokenizer.special
    for label, index in (("beginning", special.bos), ("end", special.eos), ("padding", special.pad)):
        if not 0 <= index < tokenizer.vocab_size:
            raise UserError(
                f"{name}: the {label} token has id {index}, outside the vocabulary of {tokenizer.vocab_size}; "
                "give the original tokenizer file"
            )
    if special.bos == special.eos:
        raise UserError(
            f"{name}: the beginning and end tokens have the same id {special.bos}; give a tokenizer with <s> and </s>"
        )
    missing = _digits_that_are_not_single_tokens(tokenizer)
    if missing:
        raise UserError(
            f"{name} does not encode each digit as one token (no single token for {', '.join(missing)}), so timestamps "
            "cannot be learned digit by digit; give Mistral's tokenizer or build one with build_word_tokenizer"
        )
    if tokenizer.encode("a </s>")[-1] != special.eos:
        raise UserError(
            f'{name} does not encode "</s>" as its end token {special.eos}; give the file with special tokens'
        )
    decoded = tokenizer.decode(tokenizer.encode(_MARKERS))
    if decoded != _MARKERS:
        raise UserError(
            f"{name} loses text: {_MARKERS!r} is decoded as {decoded!r}; give a tokenizer with these pieces in its "
            "vocabulary"
        )


def check_clip_tokenizer(tokenizer: Tokenizer, name: str, style: TimeStyle = TimeStyle.DECIMAL) -> None:
    """Checks that `tokenizer` can represent the time texts of clips.

    Args:
      tokenizer: the Q-Former's tokenizer.
      name: its name in error messages (its path).
      style: format of the timestamps.

    Raises:
      UserError: a word or digit of the time texts is not in the vocabulary.
    """
    (text,) = clip_time_texts(_TIMES, clips=1, clip_frames=len(_TIMES), style=style)
    unknown = [word for word in text.split() if not _in_vocabulary(tokenizer, word)]
    if unknown:
        raise UserError(
            f"{name} has no tokens for {', '.join(map(repr, unknown))}, which occur in the time texts of clips; give "
            "the Q-Former's own tokenizer"
        )


def _in_vocabulary(tokenizer: Tokenizer, word: str) -> bool:
    try:
        return tokenizer.special.unk not in tokenizer.encode(word)
    except Exception:  # `tokenizers` raises bare Exception for unknown words if there is no unknown token
        return False


def _digits_that_are_not_single_tokens(tokenizer: Tokenizer) -> list[str]:
    single = {digit: tokenizer.token_id(digit) for digit in string.digits}
    if missing := [digit for digit, index in single.items() if index is None]:
        return missing
    # Tests every pair between two other digits, so that neither a leading "▁" nor a merged pair is missed.
    joined = set()
    for one, other in itertools.product(string.digits, repeat=2):
        if tokenizer.encode(f"1{one}{other}2")[-3:] != [single[one], single[other], single["2"]]:
            joined |= {one, other}
    return sorted(joined)
